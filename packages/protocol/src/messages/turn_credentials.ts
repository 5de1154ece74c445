import { defineMessage } from '../define-message.ts';
import { MessageId, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: asks for relay credentials, for when no direct path is found. Down: credentials for this deployment's TURN
 * servers until `expires_at`; none without servers. The name reveals nothing about the user.
 */
export const turnCredentials = defineMessage({
  name: 'turn_credentials',
  id: 0x0106,
  up: Type.Object({ type: Type.Literal('turn_credentials'), id: MessageId }),
  down: Type.Object({
    type: Type.Literal('turn_credentials'),
    ref: MessageId,
    urls: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 8 }),
    username: Type.String({ maxLength: 128 }),
    password: Type.String({ maxLength: 128 }),
    expires_at: UnixSeconds,
  }),
});
