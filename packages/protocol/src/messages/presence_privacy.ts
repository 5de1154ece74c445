import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { type Static, Type } from '../schema/type.ts';

/** Nobody; users with whom this user has talked in a direct conversation; or also all members of common groups. */
export const StatusAudience = Type.Union([
  Type.Literal('nobody'),
  Type.Literal('direct'),
  Type.Literal('conversations'),
]);
export type StatusAudience = Static<typeof StatusAudience>;

export const LastSeenPrecision = Type.Union([Type.Literal('hidden'), Type.Literal('hour')]);
export type LastSeenPrecision = Static<typeof LastSeenPrecision>;

/** Who may see this user's status, on all their devices. Up: sets the given fields, or asks. Down: the current setting. */
export const presencePrivacy = defineMessage({
  name: 'presence_privacy',
  id: 0x0203,
  up: Type.Object({
    type: Type.Literal('presence_privacy'),
    id: MessageId,
    status_to: Type.Optional(StatusAudience),
    last_seen: Type.Optional(LastSeenPrecision),
  }),
  down: Type.Object({
    type: Type.Literal('presence_privacy'),
    ref: MessageId,
    status_to: StatusAudience,
    last_seen: LastSeenPrecision,
  }),
});
