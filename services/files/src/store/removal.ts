import { withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from '../blobs/blob-store.ts';
import { FILE_COLUMNS, type FileRow } from './file-row.ts';

/** Ledger rows deleted at once. */
const DELETED_AT_ONCE = 10_000;

/**
 * From now on nobody can access the file and it counts for nothing. Its bytes remain. Undefined when someone else did
 * this, or with `onlyExpired` it has not expired. Resolves with its previous row.
 */
export async function beginRemoval(
  pool: Pool,
  file: number,
  { onlyExpired = false } = {},
): Promise<FileRow | undefined> {
  return await withTransaction(pool, async (client) => {
    const found = await client.query<FileRow>({
      name: 'lock-to-remove',
      text: `SELECT ${FILE_COLUMNS} FROM files.files f
              WHERE id = $1 AND state <> 'removing' AND (NOT $2 OR expires_at <= now()) FOR UPDATE`,
      values: [file, onlyExpired],
    });
    const [row] = found.rows;
    if (!row) return undefined;
    await client.query({
      name: 'mark-removing',
      text: `UPDATE files.files SET state = 'removing', verifier = NULL WHERE id = $1`,
      values: [file],
    });
    const isSettled = row.state === 'complete';
    await client.query({
      name: 'release',
      text: `UPDATE files.storage SET used = used - $2, reserved = reserved - $3, files = files - 1 WHERE user_id = $1`,
      values: [row.owner_id, isSettled ? row.size : 0, isSettled ? 0 : row.max_size],
    });
    await client.query({
      name: 'end-grants',
      text: 'DELETE FROM files.grants WHERE file_id = $1',
      values: [file],
    });
    return row;
  });
}

/** Deletes the bytes of a file whose removal has begun, and then its ledger rows. Idempotent. */
export async function finishRemoval(pool: Pool, blobs: BlobStore, file: number): Promise<void> {
  await blobs.remove(file);
  for (let deleted = DELETED_AT_ONCE; deleted === DELETED_AT_ONCE; ) {
    const result = await pool.query(
      `DELETE FROM files.chunks WHERE file_id = $1 AND idx IN (
         SELECT idx FROM files.chunks WHERE file_id = $1 ORDER BY idx LIMIT $2)`,
      [file, DELETED_AT_ONCE],
    );
    deleted = result.rowCount ?? 0;
  }
  await pool.query(`DELETE FROM files.files WHERE id = $1 AND state = 'removing'`, [file]);
}
