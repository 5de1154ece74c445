import { defineMessage } from '../define-message.ts';
import { MessageId, UnixSeconds, UserId } from '../ids.ts';
import { MAX_PRESENCE_STATES_BYTES, MAX_PRESENCE_SUBSCRIPTIONS } from '../limits.ts';
import { Type } from '../schema/type.ts';
import { PresenceStatus } from './presence.ts';

/**
 * Up: the users that this connection watches; replaces the previous list. Down: their current statuses; each change
 * comes as `presence`. A user who may not be seen looks like one who is permanently offline.
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
        /** The start of the hour in which the user was last online; for offline users who allow it to be known. */
        last_seen: Type.Optional(UnixSeconds),
      }),
      { maxItems: MAX_PRESENCE_SUBSCRIPTIONS },
    ),
  }),
});
