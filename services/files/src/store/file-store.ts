import { FILE_STATUS_FILES, FILE_STATUS_RANGES, type FileStorage } from '@securechat/protocol';
import type { Pool } from 'pg';
import { FILE_COLUMNS, type FileRow } from './file-row.ts';

export type FileStore = ReturnType<typeof createFileStore>;

/** Read-only queries on files. A file being removed is invisible to everyone. */
export function createFileStore(pool: Pool, storageLimit: number) {
  async function one(name: string, text: string, values: unknown[]): Promise<FileRow | undefined> {
    const found = await pool.query<FileRow>({ name, text, values });
    return found.rows[0];
  }

  return {
    /** A file of this user's own. */
    findOwn: (user: number, extId: string) =>
      one(
        'find-own-file',
        `SELECT ${FILE_COLUMNS} FROM files.files f WHERE ext_id = $2 AND owner_id = $1 AND state <> 'removing'`,
        [user, extId],
      ),

    /** A file that this user has offered, or was admitted to and has not declined. */
    findFor: (user: number, extId: string) =>
      one(
        'find-file-for',
        `SELECT ${FILE_COLUMNS} FROM files.files f
          WHERE ext_id = $2 AND state <> 'removing' AND (owner_id = $1 OR EXISTS (
            SELECT FROM files.grants g WHERE g.file_id = f.id AND g.user_id = $1 AND NOT g.declined))`,
        [user, extId],
      ),

    /** The users this file was offered to, except those who declined. */
    async granted(file: number): Promise<number[]> {
      const found = await pool.query<{ user_id: number }>({
        name: 'granted',
        text: 'SELECT user_id FROM files.grants WHERE file_id = $1 AND NOT declined',
        values: [file],
      });
      return found.rows.map((row) => row.user_id);
    },

    /** First and last index of each gap, up to the number that a client is told. */
    async missing(file: FileRow): Promise<number[][]> {
      const found = await pool.query<{ low: number; high: number }>({
        name: 'missing-chunks',
        text: `SELECT idx + 1 AS low, next - 1 AS high
                 FROM (SELECT idx, lead(idx, 1, $2) OVER (ORDER BY idx) AS next
                         FROM (SELECT -1 AS idx UNION ALL SELECT idx FROM files.chunks WHERE file_id = $1) all_idx) gaps
                WHERE next > idx + 1 ORDER BY 1 LIMIT $3`,
        values: [file.id, file.max_chunks, FILE_STATUS_RANGES],
      });
      return found.rows.map(({ low, high }) => [low, high]);
    },

    /** This user's own files after `after`, in id order. */
    async list(user: number, after: string): Promise<{ files: FileRow[]; more: boolean }> {
      const found = await pool.query<FileRow>({
        name: 'list-files',
        text: `SELECT ${FILE_COLUMNS} FROM files.files f
                WHERE owner_id = $1 AND ext_id > $2 AND state <> 'removing' ORDER BY ext_id LIMIT $3`,
        values: [user, after, FILE_STATUS_FILES + 1],
      });
      return { files: found.rows.slice(0, FILE_STATUS_FILES), more: found.rows.length > FILE_STATUS_FILES };
    },

    async storageOf(user: number): Promise<FileStorage> {
      const found = await pool.query<FileStorage>({
        name: 'storage-of',
        text: 'SELECT used, reserved, coalesce(quota, $2) AS limit FROM files.storage WHERE user_id = $1',
        values: [user, storageLimit],
      });
      return found.rows[0] ?? { used: 0, reserved: 0, limit: storageLimit };
    },

    /** False for a device that is revoked, or whose account is disabled. */
    async isServed(user: number, device: number): Promise<boolean> {
      const found = await pool.query({
        name: 'is-served',
        text: 'SELECT FROM files.served_devices WHERE device_id = $1 AND user_id = $2',
        values: [device, user],
      });
      return found.rowCount === 1;
    },
  };
}
