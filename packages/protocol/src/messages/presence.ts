import { defineMessage } from '../define-message.ts';
import { UserId } from '../ids.ts';
import { type Static, Type } from '../schema/type.ts';

export const PresenceStatus = Type.Union([
  Type.Literal('online'),
  Type.Literal('away'),
  Type.Literal('busy'),
  Type.Literal('offline'),
]);
export type PresenceStatus = Static<typeof PresenceStatus>;

/**
 * Up: how this device is, until it says otherwise or its connection ends; who says nothing is not shown. Down: how a user is
 * by all of its devices. A text of the person travels inside the encryption, as a profile.
 */
export const presence = defineMessage({
  name: 'presence',
  id: 0x0201,
  up: Type.Object({ type: Type.Literal('presence'), status: PresenceStatus }),
  down: Type.Object({ type: Type.Literal('presence'), user_id: UserId, status: PresenceStatus }),
});
