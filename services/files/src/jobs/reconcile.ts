import { type Job, type Logger, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { FilesMetrics } from '../metrics.ts';

const USERS_AT_ONCE = 500;

type Parts = { pool: Pool; blobs: BlobStore; metrics: FilesMetrics; logger: Logger };

/** Compares the ledger with the files, and the store with the ledger. They agree unless something is wrong. */
export function reconcileJob(parts: Parts, everyMs: number): Job {
  return { everyMs, deadlineMs: 600_000, run: (signal) => reconcile(parts, signal) };
}

export async function reconcile({ pool, blobs, metrics, logger }: Parts, signal: AbortSignal): Promise<void> {
  for (let after = 0; !signal.aborted; ) {
    const { rows } = await pool.query<{ user_id: number }>(
      'SELECT user_id FROM files.storage WHERE user_id > $1 ORDER BY user_id LIMIT $2',
      [after, USERS_AT_ONCE],
    );
    const users = rows.map((row) => row.user_id);
    const mended = await mend(pool, users);
    if (mended > 0) {
      metrics.mended(mended);
      logger.error({ users: mended }, 'stored bytes of users were not what the ledger said; they are now');
    }
    if (users.length < USERS_AT_ONCE) break;
    after = users.at(-1) ?? 0;
  }
  const orphans = await blobs.removeOrphans(signal);
  if (orphans > 0) logger.info({ orphans }, 'bytes deleted that the ledger does not know');
}

/** Under the locks that offers, completions and removals take. Resolves with the number of users corrected. */
async function mend(pool: Pool, users: readonly number[]): Promise<number> {
  return await withTransaction(pool, async (client) => {
    await client.query('SELECT FROM files.storage WHERE user_id = ANY($1) ORDER BY user_id FOR UPDATE', [
      users,
    ]);
    const mended = await client.query(
      `UPDATE files.storage s SET used = f.used, reserved = f.reserved, files = f.files
         FROM (SELECT u.user_id,
                      coalesce(sum(f.size) FILTER (WHERE f.state = 'complete'), 0) AS used,
                      coalesce(sum(f.max_size) FILTER (WHERE f.state <> 'complete'), 0) AS reserved,
                      count(f.id) AS files
                 FROM unnest($1::bigint[]) AS u (user_id)
                 LEFT JOIN files.files f ON f.owner_id = u.user_id AND f.state <> 'removing'
                GROUP BY u.user_id) f
        WHERE s.user_id = f.user_id AND (s.used, s.reserved, s.files) <> (f.used, f.reserved, f.files)`,
      [users],
    );
    return mended.rowCount ?? 0;
  });
}
