import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { type Static, Type } from '../schema/type.ts';

/** Nobody; with whom this user has talked in a conversation of two; or also everybody in a common group. */
export const StatusAudience = Type.Union([
  Type.Literal('nobody'),
  Type.Literal('direct'),
  Type.Literal('conversations'),
]);
export type StatusAudience = Static<typeof StatusAudience>;

export const LastSeenPrecision = Type.Union([Type.Literal('hidden'), Type.Literal('hour')]);
export type LastSeenPrecision = Static<typeof LastSeenPrecision>;

/** Who may see how this user is, for all of its devices. Up: sets what is there, or asks. Down: how it stands. */
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
