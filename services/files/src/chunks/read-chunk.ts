import { ProtocolError } from '@securechat/protocol';
import type { Pool } from 'pg';
import type { BlobStore } from '../blobs/blob-store.ts';
import { chunksOf, type FileRow } from '../store/file-row.ts';
import type { FileStore } from '../store/file-store.ts';

export type ChunkReader = {
  /** A complete file that this user may have. Throws a ProtocolError; unknown and not allowed look the same. */
  open(user: number, fileId: string): Promise<FileRow>;
  /** Ciphertext of one chunk. Throws a ProtocolError when the file has no such chunk. */
  read(file: FileRow, index: number): Promise<Buffer>;
};

export function createChunkReader(pool: Pool, files: FileStore, blobs: BlobStore): ChunkReader {
  return {
    async open(user, fileId) {
      const file = await files.findFor(user, fileId);
      if (!file) throw new ProtocolError('PERMISSION_DENIED');
      if (file.state !== 'complete') throw new ProtocolError('FILE_INCOMPLETE', { retry_after_ms: 1_000 });
      return file;
    },

    async read(file, index) {
      if (index >= chunksOf(file))
        throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/chunk_index' });
      const found = await pool.query<{ object: string | null }>({
        name: 'find-chunk',
        text: 'SELECT object FROM files.chunks WHERE file_id = $1 AND idx = $2',
        values: [file.id, index],
      });
      const [chunk] = found.rows;
      // it was withdrawn after it was opened
      if (!chunk) throw new ProtocolError('PERMISSION_DENIED');
      return await blobs.get({ file: file.id, index, object: chunk.object });
    },
  };
}
