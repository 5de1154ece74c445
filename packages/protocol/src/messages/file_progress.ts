import { defineMessage } from '../define-message.ts';
import { FileId, MessageId, Sha256, UserId } from '../ids.ts';
import { MAX_FILE_BYTES } from '../limits.ts';
import { Type } from '../schema/type.ts';

const Bytes = Type.Integer({ minimum: 0, maximum: MAX_FILE_BYTES });
const progress = {
  file_id: FileId,
  bytes_received: Bytes,
  total_bytes: Bytes,
  status: Type.Union([Type.Literal('downloading'), Type.Literal('complete'), Type.Literal('error')]),
};

/**
 * Up, from a downloader: its progress. Up, from the file's sender, as `complete` with `sha256`: all ciphertext has
 * been sent, with this size and hash; answered with `file_status` when both are verified. Down, to the sender: what
 * the server has received, or with `user_id` that user. Never decreases, and `complete` only after the hash was
 * verified.
 */
export const fileProgress = defineMessage({
  name: 'file_progress',
  id: 0x0507,
  up: Type.Object({
    type: Type.Literal('file_progress'),
    id: Type.Optional(MessageId),
    ...progress,
    sha256: Type.Optional(Sha256),
  }),
  down: Type.Object({ type: Type.Literal('file_progress'), ...progress, user_id: Type.Optional(UserId) }),
});
