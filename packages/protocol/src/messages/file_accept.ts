import { defineMessage } from '../define-message.ts';
import { FileId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: tells the file's sender that this user wants it; admitted users may also download without this. Answered with
 * `file_status`. Down: this user accepts the offer.
 */
export const fileAccept = defineMessage({
  name: 'file_accept',
  id: 0x0502,
  up: Type.Object({ type: Type.Literal('file_accept'), id: Type.Optional(MessageId), file_id: FileId }),
  down: Type.Object({ type: Type.Literal('file_accept'), file_id: FileId, user_id: UserId }),
});
