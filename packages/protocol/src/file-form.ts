import { MAX_FILE_BYTES, MAX_FILE_CHUNK_BYTES, MAX_FILE_CHUNKS } from './limits.ts';
import { Type } from './schema/type.ts';

/**
 * Of ciphertext: the maximum size of the file, which is reserved, and how it is split. All chunks but the last are
 * full.
 */
export const fileForm = {
  file_size: Type.Integer({ minimum: 1, maximum: MAX_FILE_BYTES }),
  chunk_size: Type.Integer({ minimum: 1, maximum: MAX_FILE_CHUNK_BYTES }),
  total_chunks: Type.Integer({ minimum: 1, maximum: MAX_FILE_CHUNKS }),
};
export const ChunkIndex = Type.Integer({ minimum: 0, maximum: MAX_FILE_CHUNKS - 1 });
