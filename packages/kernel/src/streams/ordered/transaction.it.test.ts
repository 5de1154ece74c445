import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { PoisonError } from '../../errors.ts';
import { openDedicatedClient } from '../../postgres.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';
import { until } from '../../testing/until.ts';
import { type Numbers, openNumbers } from './testing/numbers.ts';
import { type NumbersHandlerOptions, numbersHandler, POISON } from './testing/numbers-handler.ts';
import { type Batch, runBatch } from './transaction.ts';

let database: OwnDatabase;
let numbers: Numbers;
let client: Client;
let first: string;
let second: string;

beforeAll(async () => {
  database = await createOwnDatabase('batch');
});
afterAll(() => database.drop());
beforeEach(async () => {
  numbers = await openNumbers({
    redisUrl: process.env.TEST_REDIS_URL ?? '',
    postgresUrl: database.url,
    streams: 2,
  });
  [first = '', second = ''] = numbers.streams;
  await numbers.pool.query(
    `INSERT INTO ${numbers.schema}.stream_cursors (stream, owner, fence) VALUES ($1, 'w', 7), ($2, 'w', 7)`,
    [first, second],
  );
  client = await openDedicatedClient(database.url, { applicationName: 'batch', pipeline: true });
});
afterEach(async () => {
  await client.end();
  await numbers.close();
});

const FENCES = 7;

/** A batch of one entry per stream, as the consumer builds it. */
function batchOf(entries: Record<string, number[]>, id = '5-0', from = '0-0'): Batch<number> {
  const streams = Object.keys(entries);
  return {
    records: Object.entries(entries).flatMap(([stream, values]) =>
      values.map((value) => ({ stream, entryId: id, value })),
    ),
    unreadable: [],
    from: new Map(streams.map((stream) => [stream, from])),
    cursors: new Map(streams.map((stream) => [stream, id])),
  };
}

function run(
  batch: Batch<number>,
  hooks: Partial<NumbersHandlerOptions> = {},
  fences: Record<string, number> = {},
) {
  const handler = numbersHandler({ schema: numbers.schema, worker: 'w', ...hooks });
  const held = new Map([...batch.cursors.keys()].map((stream) => [stream, fences[stream] ?? FENCES]));
  return runBatch(client, numbers.schema, batch, held, handler);
}

const lastIds = async (): Promise<string[]> => (await numbers.cursors()).map(({ last_id }) => last_id);

async function expectNothingWritten(): Promise<void> {
  expect(await numbers.handled()).toEqual([[], []]);
  expect(await lastIds()).toEqual(['0-0', '0-0']);
  expect(await numbers.deadLetters()).toEqual([]);
}

/** Raises in the given trigger. */
const failOn = (what: string, code = '53100') =>
  numbers.pool.query(`
    CREATE FUNCTION ${numbers.schema}.fail() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'no' USING ERRCODE = '${code}'; END $$;
    CREATE ${what} FOR EACH ROW EXECUTE FUNCTION ${numbers.schema}.fail()`);

describe('data and cursor are one transaction', () => {
  test('the rows, the dead letters and the cursors carry the same transaction number', async () => {
    const unreadable = [{ stream: second, entryId: '5-0', reason: 'torn', payload: Buffer.from('x') }];
    await run({ ...batchOf({ [first]: [1, 2], [second]: [3] }), unreadable });
    const written = await numbers.pool.query<{ what: string; xact: string }>(`
      SELECT 'row' AS what, xact::text FROM ${numbers.schema}.handled
      UNION ALL SELECT 'letter', xact::text FROM ${numbers.schema}.dead_letters
      UNION ALL SELECT 'cursor', xmin::text FROM ${numbers.schema}.stream_cursors WHERE last_id = '5-0'`);
    expect(written.rows.map(({ what }) => what).toSorted()).toEqual([
      ...['cursor', 'cursor', 'letter', 'row', 'row', 'row'],
    ]);
    expect(new Set(written.rows.map(({ xact }) => xact)).size).toBe(1);
  });

  test('when a bad record is parked, its dead letter and the others are in that transaction too', async () => {
    await run(batchOf({ [first]: [1, -1, POISON, 2] }));
    const written = await numbers.pool.query<{ xact: string }>(`
      SELECT xact::text FROM ${numbers.schema}.handled UNION ALL SELECT xact::text FROM ${numbers.schema}.dead_letters
      UNION ALL SELECT xmin::text FROM ${numbers.schema}.stream_cursors WHERE last_id = '5-0'`);
    expect(written.rows).toHaveLength(5);
    expect(new Set(written.rows.map(({ xact }) => xact)).size).toBe(1);
  });

  test.each([
    ['a row cannot be written', 'TRIGGER fail BEFORE INSERT ON %.handled'],
    ['the cursor cannot be moved', 'TRIGGER fail BEFORE UPDATE OF last_id ON %.stream_cursors'],
    [
      'COMMIT itself fails',
      'CONSTRAINT TRIGGER fail AFTER INSERT ON %.handled DEFERRABLE INITIALLY DEFERRED',
    ],
  ])('when %s, neither is changed, and the error tells why', async (_, trigger) => {
    await failOn(trigger.replace('%', numbers.schema));
    await expect(run(batchOf({ [first]: [1], [second]: [2] }))).rejects.toMatchObject({ code: '53100' });
    await expectNothingWritten();
  });

  test('a dead letter that cannot be written keeps the cursor where it is', async () => {
    await failOn(`TRIGGER fail BEFORE INSERT ON ${numbers.schema}.dead_letters`);
    await expect(run(batchOf({ [first]: [1, POISON] }))).rejects.toMatchObject({ code: '53100' });
    await expectNothingWritten();
  });

  test('a write that fails before it reaches the server is not committed without its rows', async () => {
    const onWrite = () => {
      throw new TypeError('no such column in the plan');
    };
    await expect(run(batchOf({ [first]: [1] }), { onWrite })).rejects.toThrow('no such column in the plan');
    await expectNothingWritten();
  });

  test('a write that waits for the answer to another is in that transaction too', async () => {
    const handler = numbersHandler({ schema: numbers.schema, worker: 'w' });
    const inTurns: typeof handler = {
      ...handler,
      async process(session, records) {
        const part = await handler.process(session, records);
        return {
          ...part,
          takesTurns: true,
          async write() {
            for (let turn = 0; turn < 3; turn += 1) await part.write();
          },
        };
      },
    };
    await runBatch(client, numbers.schema, batchOf({ [first]: [1] }), new Map([[first, FENCES]]), inTurns);
    const written = await numbers.pool.query<{ xact: string }>(`
      SELECT xact::text FROM ${numbers.schema}.handled
      UNION ALL SELECT xmin::text FROM ${numbers.schema}.stream_cursors WHERE last_id = '5-0'`);
    expect(written.rows).toHaveLength(4);
    expect(new Set(written.rows.map(({ xact }) => xact)).size).toBe(1);
  });

  test('the connection is good for the next batch after a failed one', async () => {
    const onProcess = () => {
      throw new Error('once');
    };
    await expect(run(batchOf({ [first]: [1] }), { onProcess })).rejects.toThrow('once');
    await run(batchOf({ [first]: [1] }));
    expect(await numbers.handled()).toEqual([[1], []]);
  });
});

describe('fence', () => {
  test('a zombie with an outdated fence is refused and writes nothing', async () => {
    const outcome = await run(batchOf({ [first]: [1, -1, 2] }), {}, { [first]: FENCES - 1 });
    expect(outcome).toEqual({ lost: [first] });
    await expectNothingWritten();
  });

  test('one lost stream keeps the whole batch from being written, and only it is named', async () => {
    const written: number[] = [];
    const onWrite = (values: number[]) => void written.push(...values);
    const outcome = await run(
      batchOf({ [first]: [1], [second]: [2] }),
      { onWrite },
      { [second]: FENCES - 1 },
    );
    expect(outcome).toEqual({ lost: [second] });
    expect(written).toEqual([]);
    await expectNothingWritten();
  });

  test('a stream without a cursor row is lost', async () => {
    expect(await run(batchOf({ nowhere: [1] }))).toEqual({ lost: ['nowhere'] });
  });

  test('while a batch runs nobody can raise the fence under it', async () => {
    const row = `FROM ${numbers.schema}.stream_cursors WHERE stream = '${first}' FOR UPDATE SKIP LOCKED`;
    let claiming: Promise<unknown> | undefined;
    await run(batchOf({ [first]: [1] }), {
      async onProcess() {
        await until(
          'its row is locked',
          async () => (await numbers.pool.query(`SELECT 1 ${row}`)).rowCount === 0,
        );
        claiming = numbers.pool.query(
          `UPDATE ${numbers.schema}.stream_cursors SET fence = fence + 1 WHERE stream = $1`,
          [first],
        );
      },
    });
    await claiming;
    const [cursor] = await numbers.cursors();
    expect(cursor).toMatchObject({ fence: FENCES + 1, last_id: '5-0' });
    expect(await run(batchOf({ [first]: [2] }, '6-0', '5-0'))).toEqual({ lost: [first] });
  });

  test('records that are committed already are not written again by their own worker either', async () => {
    await run(batchOf({ [first]: [1] }));
    // its COMMIT became visible only after the worker had read the cursor
    await expect(run(batchOf({ [first]: [1] }))).rejects.toMatchObject({ name: 'RetryableError' });
    expect(await numbers.handled()).toEqual([[1], []]);
  });
});

test('when the fence fails, what the handler was about to send is not left to run outside of the transaction', async () => {
  const holder = await numbers.pool.connect();
  const hasty = await openDedicatedClient(database.url, {
    applicationName: 'batch',
    pipeline: true,
    lockTimeoutMs: 1_000,
  });
  try {
    await holder.query('BEGIN');
    await holder.query(`SELECT 1 FROM ${numbers.schema}.stream_cursors FOR UPDATE`);
    const gate = Promise.withResolvers<void>();
    const insert = `INSERT INTO ${numbers.schema}.handled (stream, value, worker) VALUES ('s', 1, 'w')`;
    let late: Promise<unknown> | undefined;
    const handler = {
      ...numbersHandler({ schema: numbers.schema, worker: 'w' }),
      async process(): Promise<never> {
        await gate.promise;
        late = hasty.query(insert);
        await late;
        throw new Error('not reached');
      },
    };
    const fences = new Map([[first, FENCES]]);
    const running = runBatch(hasty, numbers.schema, batchOf({ [first]: [1] }), fences, handler);
    const failed = expect(running).rejects.toMatchObject({ code: '55P03' });
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'batch' AND wait_event_type = 'Lock'`;
    await until('the fence waits', async () => (await numbers.pool.query(waiting)).rowCount === 1);
    await until('it has waited in vain', async () => (await numbers.pool.query(waiting)).rowCount === 0);
    gate.resolve();
    await failed;
    // refused, because the transaction had already failed
    await expect(late).rejects.toMatchObject({ code: '25P02' });
    await holder.query('ROLLBACK');
    await expectNothingWritten();
  } finally {
    holder.release(true);
    await hasty.end();
  }
});

describe('bad records', () => {
  test('are parked with their bytes, and their senders are told after the others of the batch', async () => {
    const told: string[] = [];
    const outcome = await run(batchOf({ [first]: [1, -1, 2], [second]: [POISON, 3] }), {
      onPublish: (values) => told.push(`published ${values}`),
      onParked: (value) => told.push(`parked ${value}`),
    });
    expect(told).toEqual([]);
    if ('processed' in outcome) for (const part of outcome.processed) part.publish();
    expect(told).toEqual(['published 1', 'parked -1', 'published 2', 'parked 666666', 'published 3']);
    expect(await numbers.handled()).toEqual([[1, 2], [3]]);
    expect((await numbers.deadLetters()).map(({ payload }) => payload)).toEqual(['-1', '666666']);
    expect((await numbers.cursors()).map(({ last_batch }) => last_batch)).toEqual([[1, 2], [3]]);
  });

  test('a passing error among them fails the batch instead of parking what is good', async () => {
    let calls = 0;
    const onProcess = () => {
      calls += 1;
      if (calls === 3) throw Object.assign(new Error('deadlock'), { severity: 'ERROR', code: '40P01' });
    };
    await expect(run(batchOf({ [first]: [1, 2, -1] }), { onProcess })).rejects.toThrow('deadlock');
    await expectNothingWritten();
  });

  test('what a batch touched is kept with the cursor, each number once and at most 2,000 of them', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => Math.floor(index / 1.2));
    await run(batchOf({ [first]: many, [second]: [] }));
    const [cursor, other] = await numbers.cursors();
    expect(cursor?.last_batch).toEqual(Array.from({ length: 2000 }, (_, index) => index));
    expect(other?.last_batch).toEqual([]);
  });
});

test('the number of round trips does not grow with the batch', async () => {
  const statements: string[] = [];
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    statements.push(String((args[0] as { text?: string }).text ?? args[0]).slice(0, 20));
    return query(...args);
  }) as Client['query'];
  await run(batchOf({ [first]: [1], [second]: [2] }));
  const few = statements.splice(0).length;
  const many = Array.from({ length: 1000 }, (_, index) => index);
  await run(batchOf({ [first]: many, [second]: many }, '6-0', '5-0'));
  expect(statements).toHaveLength(few);
});

test('before records are processed one by one the locks of all are asked for, once; a poison there keeps nothing back', async () => {
  const seen: string[] = [];
  const hooks = {
    onLock: (values: number[]) => {
      seen.push(`lock ${values}`);
      throw new PoisonError('a number that cannot be locked');
    },
    onProcess: (values: number[]) => seen.push(`process ${values}`),
  };
  await run(batchOf({ [first]: [1, POISON, 2] }), hooks);
  expect(seen).toEqual([
    `process 1,${POISON},2`,
    `lock 1,${POISON},2`,
    'process 1',
    `process ${POISON}`,
    'process 2',
  ]);
  expect(await numbers.handled()).toEqual([[1, 2], []]);
  expect(await numbers.deadLetters()).toHaveLength(1);
});
