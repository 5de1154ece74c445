import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Row counts by `schema.what`. */
export type Counts = Readonly<Record<string, number>>;

export type ErasureRow = {
  id: string;
  subject_sha256: Buffer;
  asked_at: Date;
  finished_at: Date | null;
  /** What is gone so far. */
  removed: Counts;
  /** What the last run had to leave for later. */
  waiting: Counts;
};

const COLUMNS = 'id, subject_sha256, asked_at, finished_at, removed, waiting';

/** Whoever knows the user id can check that a receipt is for it. */
const subjectOf = (userId: string): Buffer =>
  createHash('sha256').update(`SecureChat/1 erasure\n${userId}`).digest();

/** Returns an existing request if there is one. In the transaction that holds the account's lock. */
export async function askErasure(
  client: ClientBase,
  asked: { id: string; account: number; userId: string; keyId: string | undefined },
): Promise<{ erasure: ErasureRow; isNew: boolean }> {
  const inserted = await client.query<ErasureRow>(
    `INSERT INTO auth.erasures (id, user_id, user_name, subject_sha256, api_key) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id) DO NOTHING RETURNING ${COLUMNS}`,
    [asked.id, asked.account, asked.userId, subjectOf(asked.userId), asked.keyId ?? null],
  );
  const [made] = inserted.rows;
  if (made) return { erasure: made, isNew: true };
  const before = await client.query<ErasureRow>(`SELECT ${COLUMNS} FROM auth.erasures WHERE user_id = $1`, [
    asked.account,
  ]);
  const [erasure] = before.rows;
  if (!erasure) throw new TypeError('an erasure that was there is not');
  return { erasure, isNew: false };
}

export async function findErasure(client: Queryable, id: string): Promise<ErasureRow | undefined> {
  const found = await client.query<ErasureRow>(`SELECT ${COLUMNS} FROM auth.erasures WHERE id = $1`, [id]);
  return found.rows[0];
}

export async function isBeingErased(client: Queryable, account: number): Promise<boolean> {
  const found = await client.query('SELECT FROM auth.erasures WHERE user_id = $1', [account]);
  return found.rowCount === 1;
}

/** Erasures requested at least this long ago, oldest first. */
export async function findDueErasures(client: Queryable, graceMs: number): Promise<string[]> {
  const found = await client.query<{ id: string }>(
    `SELECT id FROM auth.erasures WHERE finished_at IS NULL AND asked_at <= now() - make_interval(secs => $1)
      ORDER BY asked_at LIMIT 100`,
    [graceMs / 1000],
  );
  return found.rows.map(({ id }) => id);
}

/** `isFresh`: requested within the hour. */
export type Standing = { user: number; name: string; isLate: boolean; isFresh: boolean };

/** Locked until the end of the transaction. Undefined when it is finished, or someone else holds it. */
export async function lockErasure(
  client: ClientBase,
  id: string,
  lateAfterDays: number,
): Promise<Standing | undefined> {
  const found = await client.query<Standing>(
    `SELECT user_id AS "user", user_name AS name, asked_at < now() - make_interval(days => $2) AS "isLate",
            asked_at > now() - interval '1 hour' AS "isFresh"
       FROM auth.erasures WHERE id = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED`,
    [id, lateAfterDays],
  );
  return found.rows[0];
}

/** Adds to what is gone; replaces what this schema is waiting for. */
export async function noteErased(
  client: ClientBase,
  id: string,
  schema: string,
  done: { removed: Counts; waiting: Counts },
): Promise<void> {
  await client.query(
    `UPDATE auth.erasures e SET
       removed = removed || (SELECT coalesce(jsonb_object_agg($2 || '.' || key, value::bigint + coalesce((e.removed ->> ($2 || '.' || key))::bigint, 0)), '{}')
                               FROM jsonb_each_text($3::jsonb) WHERE value::bigint > 0),
       waiting = (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(e.waiting) WHERE split_part(key, '.', 1) <> $2)
                 || (SELECT coalesce(jsonb_object_agg($2 || '.' || key, value), '{}') FROM jsonb_each($4::jsonb) WHERE value <> '0')
      WHERE id = $1`,
    [id, schema, JSON.stringify(done.removed), JSON.stringify(done.waiting)],
  );
}

/** From now on the receipt names nobody. */
export async function finishErasure(client: ClientBase, id: string): Promise<void> {
  await client.query(
    `UPDATE auth.erasures SET user_id = NULL, user_name = NULL, waiting = '{}', finished_at = clock_timestamp() WHERE id = $1`,
    [id],
  );
}
