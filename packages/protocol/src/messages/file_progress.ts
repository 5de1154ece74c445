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
 * Up, from whoever downloads: how far it is. Up, from whoever offered the file, as `complete` with `sha256`: all of the
 * ciphertext is sent, this is its size and hash; answered with `file_status` when both were verified.
 * Down, to whoever offered it: what the server has received, or with `user_id` that user. Never less than before, and
 * `complete` only after the hash was verified.
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
