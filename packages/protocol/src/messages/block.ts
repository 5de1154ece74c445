import { defineMessage } from '../define-message.ts';
import { MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: nothing may pass any more between this user and that one, whoever it is and whether it exists or not. Down: it is
 * stored. Repeating it changes nothing.
 */
export const block = defineMessage({
  name: 'block',
  id: 0x0307,
  up: Type.Object({ type: Type.Literal('block'), id: MessageId, user_id: UserId }),
  down: Type.Object({ type: Type.Literal('block'), ref: MessageId, user_id: UserId }),
});
