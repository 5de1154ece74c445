import { REVOCATION_KEPT_MS } from '@securechat/directory';
import type { Job } from '@securechat/kernel';
import type { Pool } from 'pg';

/** A claim, or an admin API request, may be repeated for this long. */
const CLAIMS_KEPT = `interval '24 hours'`;
/** Per webhook, pending and given up together; about 50 MB. */
const EVENTS_KEPT = 100_000;
/** Rows per statement: it holds its locks for milliseconds. */
const ROWS = 5_000;
const HOUR_MS = 3_600_000;

/** What nobody may ask for any more, by table. */
const OVER: readonly (readonly [table: string, condition: string])[] = [
  ['key_packages', 'expires_at < now()'],
  // an hour longer than the package could be accepted: clocks of several processes differ
  ['used_key_packages', `expires_at < now() - interval '1 hour'`],
  ['key_claims', `at < now() - ${CLAIMS_KEPT}`],
  ['api_requests', `at < now() - ${CLAIMS_KEPT}`],
  ['webhook_events', `dead_at < now() - interval '30 days'`],
  // keeps the newest per webhook: a backend that is down while many users join must not fill the disk
  [
    'webhook_events',
    `id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY at DESC) AS place
              FROM auth.webhook_events) ranked WHERE place > ${EVENTS_KEPT})`,
  ],
  ['erased_devices', `erased_at < now() - make_interval(secs => ${REVOCATION_KEPT_MS / 1000})`],
];

/** Deletes expired rows in small statements, safe to run concurrently. Resolves with the number of rows. */
export async function sweepKeys(pool: Pool, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (const [table, condition] of OVER) {
    for (let deleted = ROWS; deleted === ROWS && !signal?.aborted; total += deleted) {
      const result = await pool.query(
        `DELETE FROM auth.${table} WHERE ctid IN (
           SELECT ctid FROM auth.${table} WHERE ${condition} LIMIT ${ROWS})`,
      );
      deleted = result.rowCount ?? 0;
    }
  }
  return total;
}

/** Every hour, in one process. */
export function sweepKeysJob(pool: Pool): Job {
  return {
    everyMs: HOUR_MS,
    deadlineMs: 10 * 60_000,
    run: async (signal) => void (await sweepKeys(pool, signal)),
  };
}
