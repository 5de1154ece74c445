import type { Pool } from 'pg';
import type { Target } from './subscriptions.ts';

/** Times in milliseconds. `claimMs`: longer than an attempt with all its retries; an expired claim may be taken over. */
export type Timing = { waitMs: number; debounceMs: number; claimMs: number };

/** Devices queued per look; the next look queues the rest. */
const AT_ONCE = 1_000;
const LONGEST_DEBOUNCE_MS = 3_600_000;
/**
 * Delay after an attempt with all its retries has failed; doubled each time up to six hours, given up after ten:
 * about 30 hours.
 */
const AGAIN_AFTER_MS = 5 * 60_000;
const AGAIN_AFTER_AT_MOST_MS = 6 * 3_600_000;
const MOST_FAILURES = 10;

/** Starts the clock for messages not fetched yet, unless it is already running. */
export async function noteWaiting(pool: Pool): Promise<void> {
  await pool.query(
    `UPDATE push.subscriptions s SET waiting_seq = m.head_seq, waiting_since = now()
       FROM push.mailboxes m
      WHERE m.device_id = s.device_id AND m.head_seq > greatest(s.settled_seq, m.acked_seq)
        AND s.waiting_seq <= greatest(s.settled_seq, m.acked_seq)`,
  );
}

/**
 * For a subscription `s`, its mailbox `m` and its device `d`: not fetched in time, and not woken recently. $1 and $2
 * are the timing.
 */
const DUE = `s.waiting_seq > greatest(s.settled_seq, m.acked_seq) AND d.is_served
  AND s.waiting_since <= now() - $1 * interval '1 ms'
  AND s.woken_at <= now() - interval '1 ms' * CASE WHEN m.acked_seq >= s.settled_seq THEN $2
        ELSE least($2 * power(2, least(s.unanswered, 20)), ${LONGEST_DEBOUNCE_MS}) END`;
const JOINED =
  'push.mailboxes m, push.devices d WHERE m.device_id = s.device_id AND d.device_id = s.device_id';

export async function findDue(
  pool: Pool,
  { waitMs, debounceMs }: Omit<Timing, 'claimMs'>,
): Promise<{ ids: number[]; oldestMs: number }> {
  const found = await pool.query<{ id: number; age_ms: number }>(
    `SELECT s.id, floor(extract(epoch FROM now() - greatest(s.waiting_since, s.not_before)) * 1000)::bigint - $1::bigint AS age_ms
       FROM push.subscriptions s, ${JOINED} AND ${DUE} AND s.not_before <= now()
      ORDER BY s.waiting_since LIMIT ${AT_ONCE}`,
    [waitMs, debounceMs],
  );
  return {
    ids: found.rows.map(({ id }) => id),
    oldestMs: Math.max(0, ...found.rows.map(({ age_ms }) => age_ms)),
  };
}

/** `through`: the place up to which a wake settles everything. `ageMs`: since it was due. */
export type Claim = Target & { through: number; ageMs: number };

/**
 * Claims a wake, so that nobody else takes it for a while; undefined when it is no longer due. A retry says so,
 * because it finds the wake claimed by itself.
 */
export async function claim(
  pool: Pool,
  id: number,
  { waitMs, debounceMs, claimMs }: Timing,
  isRetry: boolean,
): Promise<Claim | undefined> {
  const claimed = await pool.query<Claim>(
    `UPDATE push.subscriptions s SET not_before = now() + $5 * interval '1 ms'
       FROM ${JOINED} AND ${DUE} AND (s.not_before <= now() OR $4) AND s.id = $3
     RETURNING s.kind, s.target, s.p256dh, s.auth, m.head_seq AS through,
               floor(extract(epoch FROM now() - s.waiting_since) * 1000)::bigint - $1::bigint AS "ageMs"`,
    [waitMs, debounceMs, id, isRetry, claimMs],
  );
  return claimed.rows[0];
}

/** Whether anything from another user waits: nobody is woken for what they wrote on another device. */
export async function isOwed(pool: Pool, id: number): Promise<boolean> {
  const found = await pool.query(
    `SELECT FROM push.subscriptions s JOIN push.mailboxes m USING (device_id) JOIN push.waiting w USING (device_id)
      WHERE s.id = $1 AND w.seq > greatest(s.settled_seq, m.acked_seq) AND NOT w.is_own LIMIT 1`,
    [id],
  );
  return found.rowCount === 1;
}

/** Nothing is owed up to `through`, and no wake was sent. */
export async function settle(pool: Pool, id: number, through: number): Promise<void> {
  await pool.query(`UPDATE push.subscriptions SET settled_seq = $2, not_before = '-infinity' WHERE id = $1`, [
    id,
    through,
  ]);
}

/** The device was woken for everything up to `through`. */
export async function settleWoken(pool: Pool, id: number, through: number): Promise<void> {
  await pool.query(
    `UPDATE push.subscriptions s
        SET settled_seq = $2, woken_at = now(), not_before = '-infinity', failures = 0,
            unanswered = 1 + CASE WHEN m.acked_seq >= s.settled_seq THEN 0 ELSE s.unanswered END
       FROM push.mailboxes m WHERE m.device_id = s.device_id AND s.id = $1`,
    [id, through],
  );
}

/** Allows no attempt before that. */
export async function postpone(pool: Pool, id: number, afterMs: number): Promise<void> {
  await pool.query(`UPDATE push.subscriptions SET not_before = now() + $2 * interval '1 ms' WHERE id = $1`, [
    id,
    afterMs,
  ]);
}

/**
 * An attempt and its retries have failed: try again later, or never. Resolves with whether the subscription was given
 * up.
 */
export async function noteFailure(pool: Pool, id: number, target: string): Promise<boolean> {
  const gone = await pool.query(
    'DELETE FROM push.subscriptions WHERE id = $1 AND target = $2 AND failures + 1 >= $3',
    [id, target, MOST_FAILURES],
  );
  if (gone.rowCount === 1) return true;
  await pool.query(
    `UPDATE push.subscriptions SET failures = failures + 1, not_before = now() + interval '1 ms' *
            least(${AGAIN_AFTER_MS} * power(2, failures), ${AGAIN_AFTER_AT_MOST_MS})
      WHERE id = $1 AND target = $2`,
    [id, target],
  );
  return false;
}
