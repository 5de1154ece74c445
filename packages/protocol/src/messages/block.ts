import { defineMessage } from '../define-message.ts';
import { MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: nothing may pass between this user and that one any more, whether or not that user exists. Down: it is stored.
 * Idempotent.
 */
export const block = defineMessage({
  name: 'block',
  id: 0x0307,
  up: Type.Object({ type: Type.Literal('block'), id: MessageId, user_id: UserId }),
  down: Type.Object({ type: Type.Literal('block'), ref: MessageId, user_id: UserId }),
});
