import { type RedisClient, sqlState, withTransaction } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';
import type { ClientBase, Pool } from 'pg';
import { type Counts, finishErasure, lockErasure, noteErased } from '../store/erasure-store.ts';
import { forgetRequests } from './forget-requests.ts';

/** In this order; auth comes last, because the others find the user's rows through its own. */
const SCHEMAS = ['push', 'presence', 'files', 'delivery'] as const;
/** Maximum rows per transaction from tables that grow with messages. */
const MAX_ROWS = 2_000;
/** Fraction of those after a timeout: one row may have as many dependents as a large group has devices. */
const FEWER = 1 / 4;
/** SQLSTATE of a statement that exceeded its timeout. */
const QUERY_CANCELED = '57014';
/** Waiting on other people's keys is given up after this: the law allows a month. */
const LATE_AFTER_DAYS = 30;

type Done = { removed: Counts; waiting: Counts };
const sum = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);

/**
 * Works on one erasure, in self-contained transactions: each counts what it removed, so that after a crash the next
 * run continues and nothing is counted twice. A service without a schema holds no data; one with missing migrations
 * makes this fail and is not skipped. Resolves with whether everything is gone.
 */
export async function erase(
  parts: { pool: Pool; redis: RedisClient; streams: StreamNames; signal?: AbortSignal },
  id: string,
): Promise<boolean> {
  const { pool, redis, streams, signal } = parts;
  for (const schema of await presentSchemas(pool)) {
    let rows = MAX_ROWS;
    for (let removed = 1; removed > 0; ) {
      if (signal?.aborted) return false;
      try {
        const done = await withTransaction(pool, (client) => step(client, id, schema, rows));
        if (!done) return false;
        removed = sum(done.removed);
      } catch (error) {
        if (sqlState(error) !== QUERY_CANCELED || rows === 1) throw error;
        rows = Math.max(1, Math.floor(rows * FEWER));
      }
    }
  }
  return withTransaction(pool, async (client) => {
    const standing = await lockErasure(client, id, LATE_AFTER_DAYS);
    if (!standing || (await isWaiting(client, id))) return false;
    // before the names are gone, so that a crash here is retried. Others may keep asking for the user, but not for
    // ever
    if ((await forgetRequests(redis, streams, standing.name)) > 0 && standing.isFresh) return false;
    const done = await call(client, 'SELECT auth.erase_user($1) AS done', [standing.user]);
    await noteErased(client, id, 'auth', done);
    await finishErasure(client, id);
    return true;
  });
}

async function step(
  client: ClientBase,
  id: string,
  schema: string,
  maxRows: number,
): Promise<Done | undefined> {
  const standing = await lockErasure(client, id, LATE_AFTER_DAYS);
  if (!standing) return undefined;
  const done = await call(client, `SELECT ${schema}.erase_user($1, $2, $3) AS done`, [
    standing.user,
    standing.isLate,
    maxRows,
  ]);
  await noteErased(client, id, schema, done);
  return done;
}

async function call(client: ClientBase, text: string, values: unknown[]): Promise<Done> {
  const { rows } = await client.query<{ done: Done }>(text, values);
  const [row] = rows;
  if (!row) throw new TypeError('an erasure without an answer');
  return row.done;
}

async function isWaiting(client: ClientBase, id: string): Promise<boolean> {
  const found = await client.query(`SELECT FROM auth.erasures WHERE id = $1 AND waiting <> '{}'`, [id]);
  return found.rowCount === 1;
}

export async function presentSchemas(client: Pick<ClientBase, 'query'>): Promise<string[]> {
  const found = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS s (name, place) WHERE to_regnamespace(name) IS NOT NULL ORDER BY place',
    [SCHEMAS],
  );
  return found.rows.map(({ name }) => name);
}
