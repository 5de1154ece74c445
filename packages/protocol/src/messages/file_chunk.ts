import { defineMessage } from '../define-message.ts';
import { ChunkIndex, fileForm } from '../file-form.ts';
import { Base64, FileId, MessageId } from '../ids.ts';
import { MAX_FILE_CHUNK_BYTES, MAX_FILE_CHUNK_FRAME_BYTES } from '../limits.ts';
import { Type } from '../schema/type.ts';

const chunk = {
  file_id: FileId,
  chunk_index: ChunkIndex,
  total_chunks: fileForm.total_chunks,
  encrypted_data: Base64(MAX_FILE_CHUNK_BYTES),
};

/**
 * Up: a chunk of the ciphertext, in any order and as often as needed; answered with `file_status` once stored. Down:
 * the chunk that a `file_chunk_request` asked for.
 */
export const fileChunk = defineMessage({
  name: 'file_chunk',
  id: 0x0505,
  maxUpBytes: MAX_FILE_CHUNK_FRAME_BYTES,
  up: Type.Object({ type: Type.Literal('file_chunk'), id: Type.Optional(MessageId), ...chunk }),
  down: Type.Object({ type: Type.Literal('file_chunk'), ref: Type.Optional(MessageId), ...chunk }),
});
