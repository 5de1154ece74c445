import { defineMessage } from '../define-message.ts';
import { MessageId, UnixSeconds, UserId } from '../ids.ts';
import { MAX_PRESENCE_STATES_BYTES, MAX_PRESENCE_SUBSCRIPTIONS } from '../limits.ts';
import { Type } from '../schema/type.ts';
import { PresenceStatus } from './presence.ts';

/**
 * Up: this connection wants to know how these users are; the list takes the place of the one before. Down: how they are now;
 * each change comes as `presence`. Somebody who may not be seen is told like somebody who is away for good.
 */
export const presenceSubscribe = defineMessage({
  name: 'presence_subscribe',
  id: 0x0202,
  up: Type.Object({
    type: Type.Literal('presence_subscribe'),
    id: MessageId,
    user_ids: Type.Array(UserId, { maxItems: MAX_PRESENCE_SUBSCRIPTIONS }),
  }),
  maxDownBytes: MAX_PRESENCE_STATES_BYTES,
  down: Type.Object({
    type: Type.Literal('presence_subscribe'),
    ref: MessageId,
    states: Type.Array(
      Type.Object({
        user_id: UserId,
        status: PresenceStatus,
        /** The beginning of the hour in which the user was last online; of users who are offline and let it be known. */
        last_seen: Type.Optional(UnixSeconds),
      }),
      { maxItems: MAX_PRESENCE_SUBSCRIPTIONS },
    ),
  }),
});
