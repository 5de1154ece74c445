import { withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from './blob-store.ts';

/** Chunks whose bytes are deleted at once: a few dozen MB, far below the statement timeout. */
const DELETED_AT_ONCE = 200;
const NO_BUCKET = 'a chunk is in a bucket, and this process knows none: set FILES_S3_ENDPOINT and its kin';

/**
 * Chunks beside their ledger, in Postgres: one transaction writes both, so that neither ever exists without the
 * other. `hasBucket`: another store removes the chunks that are in a bucket.
 */
export function createPostgresBlobs(pool: Pool, { hasBucket = false } = {}): BlobStore {
  async function refuseBucket(file: number): Promise<void> {
    const inBucket = await pool.query(
      'SELECT FROM files.chunks WHERE file_id = $1 AND object IS NOT NULL LIMIT 1',
      [file],
    );
    if (inBucket.rowCount !== 0) throw new Error(NO_BUCKET);
  }

  return {
    async put({ file, index }, bytes, record) {
      return await withTransaction(pool, async (client) => {
        if (!(await record(client, null))) return false;
        await client.query({
          name: 'put-blob',
          text: 'INSERT INTO files.blobs (file_id, idx, bytes) VALUES ($1, $2, $3)',
          values: [file, index, bytes],
        });
        return true;
      });
    },

    async get({ file, index, object }) {
      if (object !== null) throw new Error(NO_BUCKET);
      const found = await pool.query<{ bytes: Buffer }>({
        name: 'get-blob',
        text: 'SELECT bytes FROM files.blobs WHERE file_id = $1 AND idx = $2',
        values: [file, index],
      });
      const [row] = found.rows;
      if (!row) throw new Error('a chunk of the ledger has no bytes');
      return row.bytes;
    },

    async remove(file) {
      if (!hasBucket) await refuseBucket(file);
      for (let deleted = DELETED_AT_ONCE; deleted === DELETED_AT_ONCE; ) {
        const result = await pool.query(
          `DELETE FROM files.blobs WHERE file_id = $1 AND idx IN (
             SELECT idx FROM files.blobs WHERE file_id = $1 ORDER BY idx LIMIT $2)`,
          [file, DELETED_AT_ONCE],
        );
        deleted = result.rowCount ?? 0;
      }
    },

    // the foreign key prevents orphans
    removeOrphans: async () => 0,
  };
}
