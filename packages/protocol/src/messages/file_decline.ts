import { defineMessage } from '../define-message.ts';
import { FileId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: gives up one's access to a file and tells its sender. Answered with `file_status`. Down: this user declines the
 * offer.
 */
export const fileDecline = defineMessage({
  name: 'file_decline',
  id: 0x0503,
  up: Type.Object({ type: Type.Literal('file_decline'), id: Type.Optional(MessageId), file_id: FileId }),
  down: Type.Object({ type: Type.Literal('file_decline'), file_id: FileId, user_id: UserId }),
});
