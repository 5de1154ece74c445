import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { type BulkReply, type Packed, streamNames } from '@securechat/protocol/internal';
import { createBulkList, openBulkReader } from './bulk-list.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

const logger = createLogger({ service: 'test', instance: 'test', level: 'fatal' });
const replyOf = (number: number): Packed<BulkReply> => ({
  head: { correlation: `c${number}`, answer: { ok: true, total_chunks: 1 } },
  body: Buffer.from([number]),
});
const streams = () => streamNames({ prefix: store.prefix, partitions: 1 });

test('a gateway that reads nothing has 64 answers waiting at most, and not for ever', async () => {
  const list = createBulkList(store.redis, streams());
  const taken = [];
  for (let number = 0; number < 70; number++) taken.push(await list.send('quiet', replyOf(number)));
  expect(taken.filter(Boolean)).toHaveLength(64);
  expect(taken.lastIndexOf(true)).toBe(63);
  const leftMs = await store.redis.pttl(streams().bulk('quiet'));
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(15_000);
});

test('answers come out whole and in their order, and none comes twice', async () => {
  const list = createBulkList(store.redis, streams());
  for (let number = 0; number < 5; number++) await list.send('awake', replyOf(number));
  const seen: Packed<BulkReply>[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const reader = openBulkReader({
    redisUrl: process.env.TEST_REDIS_URL ?? '',
    list: streams().bulk('awake'),
    onReply(reply) {
      seen.push(reply);
      if (seen.length === 6) resolve();
    },
    logger,
  });
  reader.start();
  await list.send('awake', replyOf(5));
  await all;
  await reader.stop();
  expect(seen.map(({ head, body }) => [head.correlation, body[0]])).toEqual(
    [0, 1, 2, 3, 4, 5].map((number) => [`c${number}`, number]),
  );
  expect(await store.redis.llen(streams().bulk('awake'))).toBe(0);
});
