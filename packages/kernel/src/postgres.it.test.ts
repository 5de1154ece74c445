import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { classify } from './errors.ts';
import { createMetrics } from './metrics.ts';
import { kyselyFor, openDedicatedClient, openPool, type PoolOptions } from './postgres.ts';
import { insertDeadLetter } from './streams/dead-letter.ts';
import { startCuttingProxy } from './testing/cutting-proxy.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';
import { CommitUnknownError, commit, withTransaction } from './transaction.ts';

let database: OwnDatabase;
const pools: Pool[] = [];

beforeAll(async () => {
  database = await createOwnDatabase('postgres');
  await openTestPool().query('CREATE TABLE t (id int PRIMARY KEY)');
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(() => database.drop());

function openTestPool(options: Partial<PoolOptions> = {}, url = database.url): Pool {
  const pool = openPool(url, { applicationName: 'kernel-test', max: 2, ...options });
  pools.push(pool);
  return pool;
}

async function pidOf(client: PoolClient | Pool): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

test('every session has our limits, and the settings it was given', async () => {
  const settings = { enable_seqscan: 'off', 'kernel.probe': 'with \\ and spaces' };
  const pool = openTestPool({ statementTimeoutMs: 1234, settings });
  const { rows } = await pool.query(
    `SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'enable_seqscan',
     'idle_in_transaction_session_timeout', 'tcp_user_timeout', 'application_name') ORDER BY name`,
  );
  expect(rows).toEqual([
    { name: 'application_name', setting: 'kernel-test' },
    { name: 'enable_seqscan', setting: 'off' },
    { name: 'idle_in_transaction_session_timeout', setting: '3000' },
    { name: 'lock_timeout', setting: '2000' },
    { name: 'statement_timeout', setting: '1234' },
    { name: 'tcp_user_timeout', setting: '5000' },
  ]);
  expect((await pool.query("SELECT current_setting('kernel.probe') AS probe")).rows).toEqual([
    { probe: settings['kernel.probe'] },
  ]);
});

test('int8 is a number, in arrays too, and one that a number cannot hold is refused', async () => {
  const pool = openTestPool();
  const { rows } = await pool.query(
    "SELECT 9007199254740991::int8 AS a, '{1,NULL}'::int8[] AS b, '{}'::int8[] AS c, count(*) AS d FROM t",
  );
  expect(rows).toEqual([{ a: 9_007_199_254_740_991, b: [1, null], c: [], d: 0 }]);
  await expect(pool.query('SELECT 9007199254740992::int8')).rejects.toThrow(RangeError);
});

test('lists of numbers arrive as they are, with what is missing, whichever way they are sent', async () => {
  const lists = [[1, -2, null, Number.MAX_SAFE_INTEGER], [null], [], [0]];
  const text = `SELECT ${lists.map((_, index) => `$${index + 1}::bigint[]`).join(', ')}, $5::float8[], $6::text[], $7::boolean[]`;
  const others = [
    [0.5, 1e-9],
    ['1', 'a,b', '{"}'],
    [true, null],
  ];
  for (const client of [
    openTestPool(),
    await openDedicatedClient(database.url, { applicationName: 't', pipeline: true }),
  ]) {
    const { rows } = await client.query<unknown[]>({
      text,
      values: [...lists, ...others],
      rowMode: 'array',
    } as never);
    expect(rows[0]).toEqual([...lists, ...others]);
    if (!pools.includes(client as Pool)) await client.end();
  }
});

test('a client whose statement was cancelled is destroyed, also under kysely, which only releases it', async () => {
  const pool = openTestPool({ max: 1, statementTimeoutMs: 100 });
  const before = await pidOf(pool);
  const db = kyselyFor<unknown>(pool);
  const slow = sql`SELECT pg_sleep(5)`.execute(db);
  await expect(slow).rejects.toMatchObject({ code: '57014' });
  expect(await pidOf(pool)).not.toBe(before);
});

test('a client that gets no answer is destroyed and the pool goes on', async () => {
  const proxy = await startCuttingProxy(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  try {
    const pool = openTestPool({ max: 1, statementTimeoutMs: 200 }, url.href);
    const client = await pool.connect();
    const before = await pidOf(client);
    proxy.swallowReplies(true);
    const error = await client.query('SELECT 1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'Query read timeout' });
    expect(classify(error)).toBe('retryable');
    // like code that does not know better: without an argument
    client.release();
    proxy.swallowReplies(false);
    expect(await pidOf(pool)).not.toBe(before);
    expect(pool.totalCount).toBe(1);
  } finally {
    await proxy.close();
  }
});

test('a session that the server ends does not end the process, idle or in use', async () => {
  const pool = openTestPool();
  const client = await pool.connect();
  const admin = openTestPool();
  await admin.query('SELECT pg_terminate_backend($1)', [await pidOf(client)]);
  const error = await client.query('SELECT 1').catch((reason: unknown) => reason);
  expect(classify(error)).toBe('retryable');
  client.release();

  await admin.query('SELECT pg_terminate_backend($1)', [await pidOf(pool)]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await pidOf(pool)).toBeGreaterThan(0);
});

test('a transaction commits, and rolls back with the error of the caller', async () => {
  const pool = openTestPool();
  expect(
    await withTransaction(pool, async (client) => (await client.query('INSERT INTO t VALUES (1)')).rowCount),
  ).toBe(1);
  const failing = withTransaction(pool, async (client) => {
    await client.query('INSERT INTO t VALUES (2)');
    throw new TypeError('changed my mind');
  });
  await expect(failing).rejects.toThrow(TypeError);
  expect((await pool.query('SELECT id FROM t')).rows).toEqual([{ id: 1 }]);
  expect(pool.idleCount).toBe(pool.totalCount);
});

test('a COMMIT that Postgres turned into a rollback is an error', async () => {
  const swallowing = withTransaction(openTestPool(), async (client) => {
    await client.query('INSERT INTO t VALUES (1)').catch(() => 'already there');
  });
  await expect(swallowing).rejects.toMatchObject({ code: '25P02' });
});

test('COMMIT is not cancelled by the statement timeout', async () => {
  const pool = openTestPool({ statementTimeoutMs: 300 });
  await pool.query(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$`);
  await pool.query('CREATE TABLE slow (id int)');
  await pool.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON slow
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()`);
  await withTransaction(pool, (client) => client.query('INSERT INTO slow VALUES (1)'));
  expect((await pool.query('SELECT id FROM slow')).rows).toEqual([{ id: 1 }]);
});

test('a COMMIT with a warning, or without an answer, has an unknown outcome', async () => {
  const pool = openTestPool();
  await pool.query(`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE WARNING 'not replicated'; RETURN NULL; END $$`);
  await pool.query('CREATE TABLE warned (id int)');
  await pool.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON warned
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`);
  const warned = withTransaction(pool, (client) => client.query('INSERT INTO warned VALUES (1)'));
  await expect(warned).rejects.toThrow(CommitUnknownError);

  const ended = withTransaction(pool, async (client) => {
    await client.query('INSERT INTO t VALUES (3)');
    await openTestPool().query('SELECT pg_terminate_backend($1)', [await pidOf(client)]);
  });
  await expect(ended).rejects.toThrow(CommitUnknownError);
});

test('an error that the server raises at COMMIT is definite', async () => {
  const pool = openTestPool();
  await pool.query('CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  const doubled = withTransaction(pool, (client) => client.query('INSERT INTO later VALUES (1), (1)'));
  await expect(doubled).rejects.toMatchObject({ code: '23505' });
});

test('a pipelined client answers in order, and commits in one go', async () => {
  const client = await openDedicatedClient(database.url, { applicationName: 'kernel-test', pipeline: true });
  try {
    const [, selected] = await Promise.all([
      client.query('BEGIN'),
      client.query<{ n: number }>('SELECT $1::int8 AS n', [5]),
      client.query('INSERT INTO t VALUES (50)'),
      commit(client),
    ]);
    expect(selected.rows).toEqual([{ n: 5 }]);
    expect((await client.query('SELECT id FROM t WHERE id = 50')).rowCount).toBe(1);
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await client.end();
  }
});

test('the pool shows its connections as metrics', async () => {
  const metrics = createMetrics('delivery');
  const pool = openTestPool({ metrics });
  await pool.query('SELECT 1');
  const text = await metrics.registry.metrics();
  expect(text).toContain('securechat_delivery_postgres_connections_count{state="total"} 1');
  expect(text).toContain('securechat_delivery_postgres_connections_count{state="waiting"} 0');
});

test('a dead letter is written in the transaction of the caller', async () => {
  const pool = openTestPool();
  await pool.query(`CREATE SCHEMA "odd name"; CREATE TABLE "odd name".dead_letters (id bigint GENERATED ALWAYS AS IDENTITY,
    stream text, entry_id text, reason text, payload bytea, at timestamptz DEFAULT now())`);
  const letter = { stream: 's', entryId: '1-0', reason: 'bad', payload: Buffer.from([0, 255]) };
  await withTransaction(pool, (client) => insertDeadLetter(client, 'odd name', letter));
  const { rows } = await pool.query('SELECT stream, entry_id, reason, payload FROM "odd name".dead_letters');
  expect(rows).toEqual([{ stream: 's', entry_id: '1-0', reason: 'bad', payload: letter.payload }]);
});
