import { type Clock, RetryableError } from '@securechat/kernel';
import type { Pool } from 'pg';

/** No synchronised clock is off by this much. */
const TOLERANCE_MS = 60 * 60 * 1000;

/** The time, provided that Postgres agrees: a process whose clock is a month ahead would drop everything. */
export async function agreedTime(pool: Pool, clock: Clock): Promise<number> {
  const found = await pool.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
  );
  const nowMs = clock.now();
  const difference = Math.abs(nowMs - (found.rows[0]?.ms ?? 0));
  if (difference > TOLERANCE_MS)
    throw new RetryableError('the clock differs from that of Postgres by more than an hour');
  return nowMs;
}
