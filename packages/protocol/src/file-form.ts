import { MAX_FILE_BYTES, MAX_FILE_CHUNK_BYTES, MAX_FILE_CHUNKS } from './limits.ts';
import { Type } from './schema/type.ts';

/** Of ciphertext: the most that the file will have, which is what is reserved, and how it is cut. All chunks but the last are whole. */
export const fileForm = {
  file_size: Type.Integer({ minimum: 1, maximum: MAX_FILE_BYTES }),
  chunk_size: Type.Integer({ minimum: 1, maximum: MAX_FILE_CHUNK_BYTES }),
  total_chunks: Type.Integer({ minimum: 1, maximum: MAX_FILE_CHUNKS }),
};
export const ChunkIndex = Type.Integer({ minimum: 0, maximum: MAX_FILE_CHUNKS - 1 });
