import type { Pool } from 'pg';

/** Events queued per look, and per webhook among them: one that does not answer must leave room for the others. */
const AT_ONCE = 1_000;
const OF_ONE_WEBHOOK = 50;

export type DueEvents = { ids: string[]; oldestMs: number; dead: number };

export async function findDueEvents(pool: Pool): Promise<DueEvents> {
  const found = await pool.query<{ id: string; age_ms: number }>(
    `SELECT id, floor(extract(epoch FROM now() - due_at) * 1000)::bigint AS age_ms FROM (
       SELECT id, due_at, row_number() OVER (PARTITION BY webhook_id ORDER BY due_at) AS place
         FROM auth.webhook_events WHERE dead_at IS NULL AND due_at <= now()) due
      WHERE place <= ${OF_ONE_WEBHOOK} ORDER BY due_at LIMIT ${AT_ONCE}`,
  );
  const dead = await pool.query<{ count: number }>(
    'SELECT count(*) FROM auth.webhook_events WHERE dead_at IS NOT NULL',
  );
  return {
    ids: found.rows.map(({ id }) => id),
    oldestMs: Math.max(0, ...found.rows.map(({ age_ms }) => age_ms)),
    dead: dead.rows[0]?.count ?? 0,
  };
}

export type ClaimedEvent = {
  id: string;
  type: string;
  data: object;
  at: Date;
  /** Including this one. */
  attempts: number;
  url: string;
  secret: Buffer;
  /** The previous secret, while still valid. */
  previous: Buffer | null;
};

/** Claims an event, so that nobody else takes it for `claimMs`; undefined when it is no longer due. */
export async function claimEvent(pool: Pool, id: string, claimMs: number): Promise<ClaimedEvent | undefined> {
  const claimed = await pool.query<ClaimedEvent>(
    `UPDATE auth.webhook_events e SET due_at = now() + $2 * interval '1 ms', attempts = attempts + 1
       FROM auth.webhooks w
      WHERE w.id = e.webhook_id AND e.id = $1 AND e.dead_at IS NULL AND e.due_at <= now()
     RETURNING e.id, e.type, e.data, e.at, e.attempts, w.url, w.secret,
               CASE WHEN w.previous_until > now() THEN w.previous_secret END AS previous`,
    [id, claimMs],
  );
  return claimed.rows[0];
}

/** The receiver has it. */
export async function removeEvent(pool: Pool, id: string): Promise<void> {
  await pool.query('DELETE FROM auth.webhook_events WHERE id = $1', [id]);
}

/** Retried after this time; undefined: not until someone asks for it. */
export async function noteEventFailure(
  pool: Pool,
  id: string,
  failure: string,
  againAfterMs: number | undefined,
): Promise<void> {
  await pool.query(
    `UPDATE auth.webhook_events SET failure = $2, due_at = now() + coalesce($3, 0) * interval '1 ms',
            dead_at = CASE WHEN $3::bigint IS NULL THEN now() END
      WHERE id = $1`,
    [id, failure, againAfterMs ?? null],
  );
}
