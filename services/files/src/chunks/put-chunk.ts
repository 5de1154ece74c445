import { createHash } from 'node:crypto';
import { ProtocolError } from '@securechat/protocol';
import type { Pool } from 'pg';
import type { BlobStore, Queryable, StoredChunk } from '../blobs/blob-store.ts';
import { FILE_COLUMNS, type FileRow } from '../store/file-row.ts';

type ChunkPlace = { user: number; fileId: string; index: number; totalChunks?: number | undefined };

export type ChunkWriter = {
  /** Called before its bytes arrive. Throws a ProtocolError when this chunk is not allowed. */
  expect(place: ChunkPlace, bytes: number): Promise<void>;
  /** Stores a chunk, idempotently. Resolves with how much of the file there is. Throws a ProtocolError. */
  put(place: ChunkPlace, bytes: Buffer): Promise<{ file: FileRow; isNew: boolean }>;
};

type Found = FileRow & { stored: Buffer | null };

/** Accepts chunks of files being uploaded, in any order and any number of times. */
export function createChunkWriter(pool: Pool, blobs: BlobStore): ChunkWriter {
  async function find({ user, fileId, index, totalChunks }: ChunkPlace): Promise<Found> {
    const found = await pool.query<Found>({
      name: 'find-chunk-place',
      text: `SELECT ${FILE_COLUMNS}, c.sha256 AS stored FROM files.files f
               LEFT JOIN files.chunks c ON c.file_id = f.id AND c.idx = $3
              WHERE f.ext_id = $2 AND f.owner_id = $1 AND f.state <> 'removing'`,
      values: [user, fileId, index],
    });
    const [file] = found.rows;
    if (!file) throw new ProtocolError('PERMISSION_DENIED');
    if (totalChunks !== undefined && totalChunks !== file.max_chunks)
      throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/total_chunks' });
    return file;
  }

  /** All chunks but the last are full; which one is last is only known when the file is complete. */
  function check(file: Found, index: number, bytes: number): void {
    if (index >= file.max_chunks) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/chunk_index' });
    const most = Math.min(file.chunk_size, file.max_size - index * file.chunk_size);
    if (bytes < 1 || bytes > most)
      throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/encrypted_data' });
    if (file.state !== 'uploading' && !file.stored) throw new ProtocolError('UNEXPECTED_MESSAGE');
  }

  return {
    async expect(place, bytes) {
      check(await find(place), place.index, bytes);
    },

    async put(place, bytes) {
      const sha256 = createHash('sha256').update(bytes).digest();
      for (let isSecondLook = false; ; isSecondLook = true) {
        const file = await find(place);
        check(file, place.index, bytes.length);
        if (file.stored?.equals(sha256)) return { file, isNew: false };
        if (file.stored) throw new ProtocolError('ID_REUSED', { path: '/chunk_index' });
        const chunk = { file: file.id, index: place.index };
        const isNew = await blobs.put(chunk, bytes, (db, object) =>
          record(db, { ...chunk, object }, { bytes: bytes.length, sha256 }),
        );
        if (isNew) return { file: { ...file, received: file.received + bytes.length }, isNew };
        // between our read and our write it was stored, or the file moved on: check again
        if (isSecondLook) throw new ProtocolError('SERVER_UNAVAILABLE', { retry_after_ms: 1_000 });
      }
    },
  };
}

/** The lock on the file blocks its end: no chunk is added to a file being verified or removed. */
async function record(
  db: Queryable,
  chunk: StoredChunk,
  { bytes, sha256 }: { bytes: number; sha256: Buffer },
): Promise<boolean> {
  const added = await db.query({
    name: 'add-chunk',
    text: `INSERT INTO files.chunks (file_id, idx, len, sha256, object)
           SELECT id, $2, $3, $4, $5 FROM files.files WHERE id = $1 AND state = 'uploading' FOR NO KEY UPDATE
           ON CONFLICT DO NOTHING`,
    values: [chunk.file, chunk.index, bytes, sha256, chunk.object],
  });
  if (added.rowCount !== 1) return false;
  await db.query({
    name: 'count-chunk',
    text: 'UPDATE files.files SET received = received + $2 WHERE id = $1',
    values: [chunk.file, bytes],
  });
  return true;
}
