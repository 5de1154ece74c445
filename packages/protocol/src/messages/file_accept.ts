import { defineMessage } from '../define-message.ts';
import { FileId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: tells whoever offered a file that this user wants it; who was admitted may also download without. Answered with
 * `file_status`. Down: this user takes the offer.
 */
export const fileAccept = defineMessage({
  name: 'file_accept',
  id: 0x0502,
  up: Type.Object({ type: Type.Literal('file_accept'), id: Type.Optional(MessageId), file_id: FileId }),
  down: Type.Object({ type: Type.Literal('file_accept'), file_id: FileId, user_id: UserId }),
});
