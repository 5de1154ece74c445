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
 * Up: this device's status, until it reports another or its connection ends; a device that reports nothing is not
 * shown. Down: a user's status across all their devices. A personal status text travels encrypted, as a profile.
 */
export const presence = defineMessage({
  name: 'presence',
  id: 0x0201,
  up: Type.Object({ type: Type.Literal('presence'), status: PresenceStatus }),
  down: Type.Object({ type: Type.Literal('presence'), user_id: UserId, status: PresenceStatus }),
});
