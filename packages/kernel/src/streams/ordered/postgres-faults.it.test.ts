import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startCuttingProxy } from '../../testing/cutting-proxy.ts';
import { until } from '../../testing/until.ts';
import { type Numbers, openNumbers, range } from './testing/numbers.ts';
import { type OwnPostgres, startOwnPostgres } from './testing/own-postgres.ts';

let postgres: OwnPostgres;
let numbers: Numbers;

beforeAll(async () => {
  postgres = await startOwnPostgres();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  numbers = await openNumbers({
    redisUrl: process.env.TEST_REDIS_URL ?? '',
    postgresUrl: postgres.url,
    streams: 2,
  });
});
afterEach(() => numbers.close());

const SELECT_BATCH = `SELECT pid, state, wait_event, query FROM pg_stat_activity WHERE application_name LIKE '%-ordered-%'`;

async function asOwner(...statements: string[]): Promise<void> {
  const client = new Client(postgres.url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * The batches' COMMIT waits for a standby that does not exist: it has happened, but nobody is told. Other sessions do
 * not wait.
 */
async function whileCommitHangs(work: () => Promise<void>): Promise<void> {
  await asOwner(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`, 'SELECT pg_reload_conf()');
  try {
    await until('COMMIT hangs for a session that asks for it', commitHangs);
    await work();
  } finally {
    await asOwner(`ALTER SYSTEM RESET synchronous_standby_names`, 'SELECT pg_reload_conf()');
  }
}

/** The checkpointer makes sessions wait, some time after it was told to reload the configuration. */
async function commitHangs(): Promise<boolean> {
  const probe = new Client(postgres.url);
  await probe.connect();
  let hung = false;
  // the warning that the standby may not have it, with which a COMMIT cancelled while waiting ends
  probe.on('notice', () => {
    hung = true;
  });
  try {
    const { rows } = await probe.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const commit = probe.query(
      `SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'probe', '')`,
    );
    await Promise.race([commit, sleep(100)]);
    await numbers.pool.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]);
    await commit;
  } finally {
    await probe.end();
  }
  return hung;
}

const HANGS = { settings: { synchronous_commit: 'on' } };

async function pidInCommit(event: string): Promise<number> {
  return until('COMMIT waits', async () => {
    const { rows } = await numbers.pool.query<{ pid: number; wait_event: string }>(SELECT_BATCH);
    return rows.find(({ wait_event }) => wait_event === event)?.pid;
  });
}

beforeAll(() => asOwner('ALTER DATABASE postgres SET synchronous_commit = local'));

test.each(['pg_terminate_backend', 'pg_cancel_backend'])(
  '%s after COMMIT took effect but before its answer: the cursor tells, and the batch is announced, not done again',
  async (kill) => {
    const worker = await numbers.startWorker('w', HANGS);
    await numbers.add(0, [1]);
    await until('it works', () => worker.published.length === 1);
    await whileCommitHangs(async () => {
      await numbers.add(0, [2, 3]);
      const pid = await pidInCommit('SyncRep');
      expect((await numbers.handled())[0]).toEqual([1]);
      await numbers.pool.query(`SELECT ${kill}($1)`, [pid]);
      await until('it is announced', () => worker.announced.length > 0);
    });
    await numbers.add(0, [4]);
    await until('it goes on', () => worker.published.includes(4));
    expect((await numbers.handled())[0]).toEqual([1, 2, 3, 4]);
    expect(worker.published).toEqual([1, 4]);
    expect(worker.announced).toEqual([2, 3]);
  },
);

test('pg_terminate_backend in the middle of COMMIT, before it took effect: the batch is done again, once', async () => {
  await numbers.pool.query(`
    CREATE FUNCTION ${numbers.schema}.dawdle() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN IF (SELECT count(*) = 0 FROM ${numbers.schema}.gone) THEN PERFORM pg_sleep(10); END IF; RETURN NULL; END';
    CREATE TABLE ${numbers.schema}.gone (id int);
    CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON ${numbers.schema}.handled
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${numbers.schema}.dawdle()`);
  const worker = await numbers.startWorker('w');
  await numbers.add(0, [1, 2]);
  const pid = await pidInCommit('PgSleep');
  await numbers.pool.query(`INSERT INTO ${numbers.schema}.gone VALUES (1)`);
  await numbers.pool.query('SELECT pg_terminate_backend($1)', [pid]);
  await until('it is published', () => worker.published.length > 0);
  expect(worker.published).toEqual([1, 2]);
  expect(worker.announced).toEqual([]);
  expect((await numbers.handled())[0]).toEqual([1, 2]);
});

test('a COMMIT that becomes visible only after the worker has looked at the cursor is not done again', async () => {
  const proxy = await startCuttingProxy(Number(new URL(postgres.url).port));
  const url = new URL(postgres.url);
  url.port = String(proxy.port);
  try {
    const worker = await numbers.startWorker('w', { ...HANGS, postgresUrl: url.href });
    await numbers.add(0, [1]);
    await until('it works', () => worker.published.length === 1);
    await whileCommitHangs(async () => {
      await numbers.add(0, [2, 3]);
      await pidInCommit('SyncRep');
      // the server does not notice: its COMMIT keeps waiting, and other sessions see the old cursor
      proxy.cut();
      await until('the worker is at it again', async () => {
        const { rows } = await numbers.pool.query<{ wait_event: string }>(SELECT_BATCH);
        return rows.some(({ wait_event }) => wait_event === 'transactionid' || wait_event === 'tuple');
      });
    });
    await numbers.add(0, [4]);
    await until('it goes on', () => worker.published.includes(4));
    expect((await numbers.handled())[0]).toEqual([1, 2, 3, 4]);
    expect(worker.published).toEqual([1, 4]);
    expect(worker.announced).toEqual([2, 3]);
  } finally {
    await proxy.close();
  }
});

test('Postgres is stopped at once under load and started again: nothing is lost, nothing is doubled', async () => {
  const a = await numbers.startWorker('a');
  const b = await numbers.startWorker('b');
  let next = 1;
  let isOver = false;
  const adding = (async () => {
    for (; !isOver; next += 1) {
      await Promise.all([numbers.add(0, [next]), numbers.add(1, [next])]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const published = () => [...a.published, ...b.published];
  await until('both work', () => a.published.length > 50 && b.published.length > 50);
  await postgres.stopAtOnce();
  const toldBefore = published().length;
  await postgres.start();
  await until('they work again', () => published().length > toldBefore + 100, 15_000);
  isOver = true;
  await adding;
  await until('all is handled', async () => (await numbers.handled()).flat().length >= 2 * (next - 1));
  const handled = await numbers.handled();
  expect(handled).toEqual([range(1, next - 1), range(1, next - 1)]);
  // everyone who was told a number was told the truth, and nobody twice
  const counts = new Map<number, number>();
  for (const value of published()) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect([...counts.values()].every((count) => count <= 2)).toBe(true);
}, 40_000);

test('a worker can be started and stopped while Postgres is away', async () => {
  const early = await numbers.startWorker('early');
  await until('it owns all', async () => (await numbers.owners()).early === 2);
  await postgres.stopAtOnce();
  try {
    await early.consumer.stop();
    await numbers.startWorker('late');
  } finally {
    await postgres.start();
  }
  await numbers.add(0, [1]);
  await until('it is handled', async () => (await numbers.handled())[0]?.length === 1);
});
