import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { createTestClock, type TestClock } from '@securechat/kernel/testing';
import { packEntry, streamNames } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { Redis } from 'ioredis';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from '../testing/context.ts';
import { createRequests, type Requests } from './requests.ts';

let store: TestRedis;
let requests: Requests;
let clock: TestClock;
let prefix: string;
let run = 0;

beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  clock = createTestClock();
  prefix = `${store.prefix}-${++run}`;
  requests = make(store.redis);
});
afterEach(() => {
  requests.stop();
  const left = jest.getTimerCount();
  jest.useRealTimers();
  expect(left).toBe(0);
});

const streams = () => streamNames({ prefix, partitions: 4 });
const make = (redis: Redis): Requests =>
  createRequests({ redis, bulkRedis: redis, streams: streams(), gatewayId: 'gateway.1', now: clock.now });

/** What has arrived on a stream, fields by name. */
async function questions(stream = streams().auth[0] ?? ''): Promise<Record<string, string>[]> {
  const entries = await store.redis.xrange(stream, '-', '+');
  return entries.map(([, fields]) =>
    Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : []))),
  );
}

/** Waits for the newest question. Timers are frozen, so this turns the event loop itself. */
async function asked(stream?: string): Promise<Record<string, string>> {
  for (;;) {
    const found = (await questions(stream)).at(-1);
    if (found) return found;
  }
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

test('a question carries its gateway, its deadline and its body; the answer to it resolves it', async () => {
  const answer = requests.askAuth('device_list', { user_id: 'bob' });
  const question = await asked();
  expect(question).toMatchObject({ g: 'gateway.1', d: String(clock.now() + 5000) });
  expect(JSON.parse(question.b ?? '')).toEqual({ kind: 'device_list', user_id: 'bob' });
  requests.answered(question.c ?? '', json({ list: null }));
  expect(await answer).toEqual({ list: null });
});

test('answers find their questions in any order, and a second answer changes nothing', async () => {
  const answers = ['a', 'b', 'c'].map((user_id) => requests.askAuth('device_list', { user_id }));
  while ((await questions()).length < 3);
  for (const question of (await questions()).toReversed()) {
    const { user_id } = JSON.parse(question.b ?? '') as { user_id: string };
    requests.answered(question.c ?? '', json({ list: user_id }));
    requests.answered(question.c ?? '', json({ list: 'second' }));
  }
  expect(await Promise.all(answers)).toEqual([{ list: 'a' }, { list: 'b' }, { list: 'c' }]);
});

test('without an answer it fails after 5 seconds, and a late answer is dropped', async () => {
  const answer = requests.askAuth('device_list', { user_id: 'bob' });
  const outcome = answer.then(
    () => 'answered',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  const question = await asked();
  jest.advanceTimersByTime(4999);
  expect(await Promise.race([outcome, 'waiting'])).toBe('waiting');
  jest.advanceTimersByTime(1);
  expect(await outcome).toBe('DeadlineError: auth did not answer within 5000 ms');
  requests.answered(question.c ?? '', json({ list: null }));
});

test('an answer to a question that nobody asked is dropped, and one that is no JSON fails its question', async () => {
  requests.answered('forged', json({ ok: true }));
  const answer = requests.askAuth('device_list', { user_id: 'bob' });
  requests.answered((await asked()).c ?? '', Buffer.from('rubbish'));
  await expect(answer).rejects.toThrow('JSON');
});

test('a page is asked of delivery with what the session proved; its bodies come as bytes', async () => {
  const connection = { session: sessionOf(3, 30) } as Connection;
  const from = { from: 7, ack: true, limit: 200, mailboxEpoch: 2, receiptsSinceMs: 9 };
  const answer = requests.askPage(connection, from);
  const question = await asked(streams().sync[0]);
  expect(JSON.parse(question.b ?? '')).toEqual({
    kind: 'page',
    user: 3,
    device: 30,
    from: 7,
    ack: true,
    mailbox_epoch: 2,
    receipts_since_ms: 9,
    limit: 200,
  });
  const head = { through: 9, more: false, mailbox_epoch: 2, items: [] };
  const bodies = [Buffer.from('{"a":1}'), Buffer.from([0, 255])];
  requests.answered(question.c ?? '', packEntry([json(head), ...bodies].map((body) => ({ head: {}, body }))));
  const page = await answer;
  expect(page.head).toEqual(head);
  expect(page.bodies.map((body) => Buffer.from(body))).toEqual(bodies);
});

test('heads are asked for many devices at once', async () => {
  const answer = requests.askHeads([1, 2]);
  const question = await asked(streams().sync[0]);
  expect(JSON.parse(question.b ?? '')).toEqual({ kind: 'heads', devices: [1, 2] });
  requests.answered(question.c ?? '', packEntry([{ head: {}, body: json({ heads: [[1, 5]] }) }]));
  expect(await answer).toEqual([[1, 5]]);
});

test('a page for a connection without a session is not asked for', async () => {
  await expect(requests.askPage({} as Connection, { from: 0, ack: false, limit: 1 })).rejects.toThrow(
    'session',
  );
  expect(await questions(streams().sync[0])).toEqual([]);
});

test('while Redis is away a question fails at once', async () => {
  const away = new Redis('redis://127.0.0.1:1', {
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  });
  away.on('error', () => undefined);
  const lonely = make(away);
  await expect(lonely.askAuth('device_list', { user_id: 'bob' })).rejects.toThrow();
});

test('with 10,000 questions open another one is refused here', async () => {
  const open = Array.from({ length: 10_000 }, () => requests.askAuth('device_list', { user_id: 'x' }));
  const outcomes = Promise.allSettled(open);
  await expect(requests.askAuth('device_list', { user_id: 'x' })).rejects.toThrow('auth was not asked');
  requests.stop();
  expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
  expect((await questions()).length).toBeLessThan(5200);
});

test('a stop fails what is open', async () => {
  const answer = requests.askAuth('device_list', { user_id: 'bob' });
  requests.stop();
  await expect(answer).rejects.toThrow('stopping');
});
