import { defineMessage } from '../define-message.ts';
import { MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Up: removes a `block`, if there is one. Down: there is none any more. */
export const unblock = defineMessage({
  name: 'unblock',
  id: 0x0308,
  up: Type.Object({ type: Type.Literal('unblock'), id: MessageId, user_id: UserId }),
  down: Type.Object({ type: Type.Literal('unblock'), ref: MessageId, user_id: UserId }),
});
