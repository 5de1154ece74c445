import { defineMessage } from '../define-message.ts';
import { MessageId, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: how to be relayed where no direct way is found. Down: what a TURN server of this deployment takes until `expires_at`; without servers there
 * is none. The name says nothing of the user.
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
