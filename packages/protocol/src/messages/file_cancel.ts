import { defineMessage } from '../define-message.ts';
import { FileId, MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: the sender withdraws the file, in any state: nobody can download it any more and its room is free. Answered
 * with `file_status`. Down: it was withdrawn.
 */
export const fileCancel = defineMessage({
  name: 'file_cancel',
  id: 0x0504,
  up: Type.Object({ type: Type.Literal('file_cancel'), id: Type.Optional(MessageId), file_id: FileId }),
  down: Type.Object({ type: Type.Literal('file_cancel'), file_id: FileId }),
});
