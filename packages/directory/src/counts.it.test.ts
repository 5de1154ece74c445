import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CONVERSATION_WINDOW_MS,
  GROUP_WINDOW_MS,
  MESSAGE_BUCKETS,
  messageCount,
  readCounts,
} from './counts.ts';
import { directoryKeys } from './keys.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

test('what is over counts no more, though nobody has removed it, and looking changes nothing', async () => {
  const { redis, prefix } = store;
  const place = { prefix, shards: 4 };
  expect(await readCounts(redis, place, 7)).toEqual({
    messages: 0,
    groupOperations: 0,
    groupCommits: 0,
    conversations: 0,
    connections: 0,
  });
  const keys = directoryKeys(prefix, 4);
  const nowMs = Date.now();
  const bucket = Math.floor(nowMs / messageCount.bucketMs);
  const tooOld = bucket - MESSAGE_BUCKETS - 1;
  await redis.hset(keys.messages(7), { [tooOld]: 50, [bucket - 5]: 3, [bucket]: 4 });
  await redis.rpush(keys.groupOperations(7), nowMs - GROUP_WINDOW_MS - 60_000, nowMs - 1_000, nowMs);
  await redis.rpush(keys.groupCommits(7), nowMs - GROUP_WINDOW_MS - 60_000);
  await redis.rpush(
    keys.conversations(7),
    nowMs - CONVERSATION_WINDOW_MS - 60_000,
    nowMs - GROUP_WINDOW_MS - 60_000,
  );
  await redis.hset(keys.routes(7), '7', '[{"d":1,"g":"g","c":1},{"d":2,"g":"g","c":2}]');
  const before = await redis.hgetall(keys.messages(7));
  expect(await readCounts(redis, place, 7)).toEqual({
    messages: 7,
    groupOperations: 2,
    groupCommits: 0,
    conversations: 1,
    connections: 2,
  });
  expect(await redis.hgetall(keys.messages(7))).toEqual(before);
});
