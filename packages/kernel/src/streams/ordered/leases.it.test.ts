import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { createLogger } from '../../logger.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';
import { until } from '../../testing/until.ts';
import { createLeases, type Leases } from './leases.ts';
import { type Numbers, openNumbers } from './testing/numbers.ts';

let database: OwnDatabase;
let numbers: Numbers;
const opened: Leases[] = [];

beforeAll(async () => {
  database = await createOwnDatabase('leases');
});
afterAll(() => database.drop());
beforeEach(async () => {
  numbers = await openNumbers({
    redisUrl: process.env.TEST_REDIS_URL ?? '',
    postgresUrl: database.url,
    streams: 5,
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(opened.splice(0).map((leases) => leases.stop()));
  await numbers.close();
});

/** Leases as a consumer uses them: it remembers what it was given. */
type Holder = { leases: Leases; owned: Map<string, number>; balance(): Promise<void>; announced: number[][] };

async function open(worker: string, spreadAbove = 0): Promise<Holder> {
  const { pool, schema, streams } = numbers;
  const logger = createLogger({ service: 'numbers', instance: worker, level: 'silent' });
  const leases = createLeases({
    ...{ pool, schema, streams, worker, spreadAbove, logger },
    canRead: () => true,
  });
  opened.push(leases);
  await leases.start();
  const owned = new Map<string, number>();
  const announced: number[][] = [];
  return {
    leases,
    owned,
    announced,
    async balance() {
      const { claimed, released } = await leases.balance(owned);
      for (const stream of released) owned.delete(stream);
      for (const { stream, fence, lastBatch } of claimed) {
        owned.set(stream, fence);
        announced.push(lastBatch);
      }
    },
  };
}

/** As if the worker had been dead for three seconds. Its timer may intervene, so this repeats until it holds. */
async function takeOver(from: string, heir: Holder): Promise<void> {
  await until(`all of ${from} is taken over`, async () => {
    await numbers.pool.query(
      `UPDATE ${numbers.schema}.stream_workers SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = $1`,
      [from],
    );
    await heir.balance();
    return heir.owned.size === numbers.streams.length;
  });
}

test('the first worker gets all; with a second one each has its fair share and no stream is without an owner', async () => {
  const a = await open('a');
  await a.balance();
  expect([...a.owned.keys()].toSorted()).toEqual(numbers.streams);

  const b = await open('b');
  await b.balance();
  expect(b.owned.size).toBe(0);
  await a.balance();
  expect([...a.owned.keys()].toSorted()).toEqual(numbers.streams.slice(0, 3));
  await b.balance();
  expect([...b.owned.keys()].toSorted()).toEqual(numbers.streams.slice(3));
  expect(await numbers.owners()).toEqual({ a: 3, b: 2 });
});

test('while the first is not busy the second stands by, and has all within a look when the first is gone', async () => {
  const a = await open('a', 0.8);
  await a.balance();
  const b = await open('b', 0.8);
  for (let round = 0; round < 2; round += 1) for (const holder of [a, b]) await holder.balance();
  expect([a.owned.size, b.owned.size]).toEqual([5, 0]);

  await a.leases.stop();
  await b.balance();
  expect(b.owned.size).toBe(5);
});

test('a worker that is busy says so, and gives away what another then has', async () => {
  const a = await open('a', 0.8);
  await a.balance();
  const b = await open('b', 0.8);
  const isBusy = async () => {
    const endAtMs = performance.now() + 300;
    while (performance.now() < endAtMs);
    const found = await numbers.pool.query(
      `SELECT 1 FROM ${numbers.schema}.stream_workers WHERE id = 'a' AND busy > 0.8`,
    );
    return found.rows.length === 1;
  };
  await until('a says that it is busy', isBusy, 8_000);
  await a.balance();
  await b.balance();
  expect([a.owned.size, b.owned.size]).toEqual([3, 2]);
});

test('of a worker of the previous release, which does not say how busy it is, what it gives away is taken', async () => {
  const { pool, schema, streams } = numbers;
  await pool.query(
    `INSERT INTO ${schema}.stream_workers VALUES ('old', clock_timestamp() + interval '5 seconds')`,
  );
  const [first, second, ...rest] = streams;
  await pool.query(`INSERT INTO ${schema}.stream_cursors (stream, owner) SELECT unnest($1::text[]), 'old'`, [
    [first, second, rest[0]],
  ]);
  const a = await open('a', 0.8);
  await a.balance();
  await a.balance();
  expect([...a.owned.keys()].toSorted()).toEqual(rest.slice(1));
});

test('more workers than streams: those that come late have none and take none from others', async () => {
  const holders = await Promise.all(Array.from({ length: 7 }, (_, index) => open(`w${index}`)));
  for (let round = 0; round < 2; round += 1) for (const holder of holders) await holder.balance();
  expect(holders.map(({ owned }) => owned.size)).toEqual([1, 1, 1, 1, 1, 0, 0]);
});

test('each claim raises the fence and brings cursor and last batch', async () => {
  const a = await open('a');
  await a.balance();
  await numbers.pool.query(
    `UPDATE ${numbers.schema}.stream_cursors SET last_id = '5-1', last_batch = '{8,9}' WHERE stream = $1`,
    [numbers.streams[0]],
  );
  await a.leases.stop();
  const b = await open('b');
  const { claimed } = await b.leases.balance(new Map());
  const claim = claimed.find(({ stream }) => stream === numbers.streams[0]);
  expect(claim).toEqual({ stream: numbers.streams[0], fence: 2, lastId: '5-1', lastBatch: [8, 9] });
});

test('a stop frees everything at once and leaves no trace of the worker', async () => {
  const a = await open('a');
  await a.balance();
  await a.leases.stop();
  const b = await open('b');
  await b.balance();
  expect(b.owned.size).toBe(5);
  const workers = await numbers.pool.query(`SELECT id FROM ${numbers.schema}.stream_workers`);
  expect(workers.rows).toEqual([{ id: 'b' }]);
});

test('only the clock of Postgres counts: a wrong one of the process neither ends a lease nor lengthens its own', async () => {
  const a = await open('a');
  await a.balance();
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
  const b = await open('b');
  await b.balance();
  expect(b.owned.size).toBe(0);
  const leases = await numbers.pool.query<{ ahead: number }>(
    `SELECT max(extract(epoch FROM lease_until - clock_timestamp()))::float AS ahead FROM ${numbers.schema}.stream_workers`,
  );
  expect(leases.rows[0]?.ahead).toBeGreaterThan(1);
  expect(leases.rows[0]?.ahead).toBeLessThanOrEqual(3);
});

test('a lease is renewed as long as the worker lives', async () => {
  await open('a');
  const leaseOf = async () => {
    const found = await numbers.pool.query<{ until: string }>(
      `SELECT lease_until::text AS until FROM ${numbers.schema}.stream_workers`,
    );
    return found.rows[0]?.until ?? '';
  };
  const first = await leaseOf();
  await until('it is renewed', async () => (await leaseOf()) > first, 3000);
});

test('a clock of Postgres that was set back does not lengthen the lease of a dead worker', async () => {
  const a = await open('a');
  await a.balance();
  await a.leases.stop();
  // its last write, before the clock went back by an hour
  await numbers.pool.query(
    `INSERT INTO ${numbers.schema}.stream_workers VALUES ('a', clock_timestamp() + interval '1 hour')`,
  );
  await numbers.pool.query(`UPDATE ${numbers.schema}.stream_cursors SET owner = 'a'`);
  const b = await open('b');
  await b.balance();
  expect(b.owned.size).toBe(5);
});

test('a renewal that is under way when the worker stops does not bring it back', async () => {
  const { pool, schema } = numbers;
  const a = await open('a');
  await pool.query(
    `CREATE FUNCTION ${schema}.slowly() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
     CREATE TRIGGER slowly BEFORE INSERT ON ${schema}.stream_workers EXECUTE FUNCTION ${schema}.slowly()`,
  );
  const isRenewing = async () => {
    const found = await pool.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
    );
    return found.rows.length > 0;
  };
  await until('a renewal is under way', isRenewing);
  await a.leases.stop();
  await until('it is over', async () => !(await isRenewing()));
  expect((await pool.query(`SELECT id FROM ${schema}.stream_workers`)).rows).toEqual([]);
});

test('a row that some transaction holds is skipped, not waited for, and claimed later', async () => {
  const holder = await numbers.pool.connect();
  try {
    const a = await open('a');
    await holder.query('BEGIN');
    await holder.query(`SELECT 1 FROM ${numbers.schema}.stream_cursors WHERE stream = $1 FOR UPDATE`, [
      numbers.streams[1],
    ]);
    const startedAtMs = performance.now();
    await a.balance();
    // waiting would take until the lock timeout, two seconds
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect([...a.owned.keys()].toSorted()).toEqual(numbers.streams.filter((_, index) => index !== 1));
    await holder.query('ROLLBACK');
    await a.balance();
    expect(a.owned.size).toBe(5);
  } finally {
    holder.release(true);
  }
});

test('a worker that was taken over learns it without any traffic, and no stream stays without an owner', async () => {
  const a = await open('a');
  await a.balance();
  const b = await open('b');
  await takeOver('a', b);
  await until('a has its lease again', async () => {
    const found = await numbers.pool.query(
      `SELECT 1 FROM ${numbers.schema}.stream_workers WHERE id = 'a' AND lease_until > clock_timestamp()`,
    );
    return found.rows.length === 1;
  });
  for (let round = 0; round < 3; round += 1) for (const holder of [a, b]) await holder.balance();
  expect([...a.owned.keys(), ...b.owned.keys()].toSorted()).toEqual(numbers.streams);
  expect(await numbers.owners()).toEqual({ a: a.owned.size, b: b.owned.size });
});

test('a claim whose answer was lost is made again: its rows name a living worker that knows nothing of them', async () => {
  const a = await open('a');
  // the answer never arrived, so `owned` stays empty
  await a.leases.balance(new Map());
  await a.balance();
  expect(a.owned.size).toBe(5);
  expect([...a.owned.values()]).toEqual([2, 2, 2, 2, 2]);
});

test('workers that vanished long ago are forgotten', async () => {
  await numbers.pool.query(
    `INSERT INTO ${numbers.schema}.stream_workers VALUES ('old', clock_timestamp() - interval '2 hours'),
       ('young', clock_timestamp() - interval '2 minutes')`,
  );
  await open('a');
  const workers = await numbers.pool.query(`SELECT id FROM ${numbers.schema}.stream_workers ORDER BY id`);
  expect(workers.rows).toEqual([{ id: 'a' }, { id: 'young' }]);
});
