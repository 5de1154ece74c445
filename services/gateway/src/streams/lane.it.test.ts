import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import { ProtocolError } from '@securechat/protocol';
import {
  type ChatRecord,
  ENTRY_FIELD,
  partitionOf,
  streamNames,
  unpackEntry,
} from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { Redis } from 'ioredis';
import { Connection } from '../connection/connection.ts';
import { createTestContext, sessionOf } from '../testing/context.ts';
import { TestTransport, turnEnded } from '../testing/transport.ts';
import { Departures } from './departures.ts';
import { createIngress } from './ingress.ts';
import { Lane } from './lane.ts';

type Head = { n: number };

let store: TestRedis;
let stream: string;
let run = 0;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  stream = `${store.prefix}:lane-${++run}`;
});

/** Nothing listens there: every command rejects at once. */
function awayRedis(): Redis {
  const options = { lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null };
  return new Redis('redis://127.0.0.1:1', options).on('error', () => undefined);
}

async function entries(): Promise<number[][]> {
  const found = await store.redis.xrangeBuffer(stream, '-', '+');
  return found.map(([, fields]) => unpackEntry<Head>(fields[1] ?? Buffer.alloc(0)).map(({ head }) => head.n));
}

const record = (n: number, bytes = 1) => ({ head: { n }, body: Buffer.alloc(bytes) });

/** Adds the record and collects its outcomes. */
function track(lane: Lane<Head>, outcomes: string[], n: number, bytes?: number): void {
  lane.add(record(n, bytes), {
    onDone: () => outcomes.push(`done ${n}`),
    onRefused: () => outcomes.push(`refused ${n}`),
  });
}

const idle = (lane: Lane<Head>) => until('the lane is idle', () => lane.isIdle);

test('an entry has one field, whose bytes arrive as they were', async () => {
  const lane = new Lane<Head>(store.redis, { stream, maxEntries: 100, departures: new Departures(0) });
  const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  lane.add({ head: { n: 1 }, body });
  await idle(lane);
  const [[, fields = []] = []] = await store.redis.xrangeBuffer(stream, '-', '+');
  expect(fields[0]?.toString()).toBe(ENTRY_FIELD);
  expect(Buffer.from(unpackEntry(fields[1] ?? Buffer.alloc(0))[0]?.body ?? [])).toEqual(body);
});

test('what one turn brings shares an entry, in order, and what comes meanwhile shares the next', async () => {
  let underWay = 0;
  let most = 0;
  const watched = Object.create(store.redis) as Redis;
  watched.call = (async (...args: Parameters<Redis['call']>) => {
    most = Math.max(most, ++underWay);
    const reply: unknown = await store.redis.call(...args);
    underWay--;
    return reply;
  }) as Redis['call'];
  const lane = new Lane<Head>(watched, { stream, maxEntries: 1000, departures: new Departures(0) });
  const outcomes: string[] = [];
  let n = 0;
  for (let turn = 0; turn < 30; turn++) {
    for (let i = 0; i < 10; i++) track(lane, outcomes, n++);
    await turnEnded();
  }
  await idle(lane);
  const written = await entries();
  expect(written.flat()).toEqual(Array.from({ length: 300 }, (_, index) => index));
  expect(written[0]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(written.length).toBeLessThan(31);
  expect(most).toBe(1);
  expect(outcomes).toEqual(Array.from({ length: 300 }, (_, index) => `done ${index}`));
});

test('an entry holds at most 256 records and 256 KiB, or one record', async () => {
  const lane = new Lane<Head>(store.redis, { stream, maxEntries: 1000, departures: new Departures(0) });
  for (let n = 0; n < 600; n++) lane.add(record(n));
  for (let n = 600; n < 604; n++) lane.add(record(n, 100 * 1024));
  lane.add(record(604, 300 * 1024));
  lane.add(record(605));
  await idle(lane);
  const written = await entries();
  expect(written.map((entry) => entry.length)).toEqual([256, 256, 90, 2, 1, 1]);
  expect(written.flat()).toEqual(Array.from({ length: 606 }, (_, index) => index));
});

test('a full stream is refused and nothing in it is lost; when it has room again it is taken', async () => {
  const lane = new Lane<Head>(store.redis, { stream, maxEntries: 2, departures: new Departures(0) });
  const outcomes: string[] = [];
  for (const n of [1, 2, 3]) {
    track(lane, outcomes, n);
    await idle(lane);
  }
  expect(outcomes).toEqual(['done 1', 'done 2', 'done 3', 'refused 3']);
  expect(await entries()).toEqual([[1], [2]]);
  await store.redis.xtrim(stream, 'MAXLEN', 1);
  track(lane, outcomes, 4);
  await idle(lane);
  expect(await entries()).toEqual([[2], [4]]);
});

test('while Redis is away every record is refused once, and nothing is kept', async () => {
  const lane = new Lane<Head>(awayRedis(), { stream, maxEntries: 10, departures: new Departures(0) });
  const outcomes: string[] = [];
  for (let n = 0; n < 600; n++) track(lane, outcomes, n);
  await idle(lane);
  expect(outcomes.filter((outcome) => outcome.startsWith('done'))).toHaveLength(600);
  expect(outcomes.filter((outcome) => outcome.startsWith('refused'))).toHaveLength(600);
  track(lane, outcomes, 600);
  await idle(lane);
  expect(outcomes.slice(-2)).toEqual(['done 600', 'refused 600']);
});

describe('the ingress', () => {
  const KIB = 1024;
  function bench(redis: Redis, maxBytes: number) {
    const context = createTestContext(createTestClock());
    const streams = streamNames({ prefix: stream, partitions: 4 });
    const ingress = createIngress({ redis, streams, maxBytes, metrics: context.metrics });
    const transport = new TestTransport();
    const connection = new Connection(context, transport, 'x');
    connection.session = sessionOf(1, 2);
    connection.enter('ready');
    const pass = (id: string, bytes: number, conversation = 'c_1') =>
      ingress.pass(connection, {
        head: { type: 'chat', id, conversation } as ChatRecord,
        body: Buffer.alloc(bytes),
      });
    const settled = async () => {
      await until('nothing is under way', () => ingress.isIdle());
      await turnEnded();
      await turnEnded();
    };
    return { streams, connection, transport, pass, settled, context };
  }

  test('a conversation always takes the same lane, and keeps its order there', async () => {
    const { streams, pass, settled, connection } = bench(store.redis, 16 * KIB);
    const conversations = ['c_a', 'c_b', 'c_c', 'c_d', 'c_e'];
    for (let n = 0; n < 25; n++) pass(`m${n}`, 10, conversations[n % 5]);
    await settled();
    expect(connection.intake.inFlight).toBe(25);
    for (const conversation of conversations) {
      const name = streams.ordered[partitionOf(conversation, 4)] ?? '';
      const found = await store.redis.xrangeBuffer(name, '-', '+');
      const ids = found
        .flatMap(([, fields]) => unpackEntry<ChatRecord>(fields[1] ?? Buffer.alloc(0)))
        .filter(({ head }) => head.conversation === conversation)
        .map(({ head }) => head.id);
      const first = conversations.indexOf(conversation);
      expect(ids).toEqual([0, 5, 10, 15, 20].map((n) => `m${n + first}`));
    }
  });

  test('more bytes than may wait are refused with 2002, over all lanes; when they have left there is room', async () => {
    const { pass, settled, connection } = bench(store.redis, 10 * KIB);
    pass('m1', 6 * KIB, 'c_a');
    pass('m2', 4 * KIB, 'c_b');
    const refusal = (() => {
      try {
        pass('m3', 1, 'c_c');
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(ProtocolError);
    expect(refusal).toMatchObject({
      error: 'SERVER_UNAVAILABLE',
      detail: { reference_id: 'm3', retry_after_ms: 1000 },
    });
    expect(connection.intake.inFlight).toBe(2);
    await settled();
    pass('m4', 10 * KIB);
    await settled();
    expect(connection.intake.inFlight).toBe(3);
  });

  test('what Redis does not take is told to the sender, is no longer on its way, and frees its bytes', async () => {
    const { pass, settled, connection, transport, context } = bench(awayRedis(), 1 * KIB);
    for (const round of [1, 2, 3]) {
      pass(`m${round}`, 1 * KIB);
      await settled();
    }
    expect(connection.intake.inFlight).toBe(0);
    const answers = transport.messages().map((message) => (message.type === 'error' ? message : undefined));
    expect(answers.map((answer) => [answer?.code, answer?.reference_id])).toEqual([
      [2002, 'm1'],
      [2002, 'm2'],
      [2002, 'm3'],
    ]);
    expect(await context.metricsText()).toContain('securechat_gateway_ingress_refused_total 3');
    expect(connection.state).toBe('ready');
  });
});
