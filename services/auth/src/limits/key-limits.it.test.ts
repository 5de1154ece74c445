import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { createKeyLimits, type KeyLimits } from './key-limits.ts';
import { limitWindows } from './table.ts';

let server: TestRedis;
/** As in two processes. */
let processes: [KeyLimits, KeyLimits];
let user = 0;

beforeAll(async () => {
  server = await openTestRedis();
  const make = (keyRequests: number): KeyLimits =>
    createKeyLimits({
      redis: server.redis,
      prefix: server.prefix,
      shards: 4,
      most: { keyRequests, keysPerPair: 0, keysPerTarget: 3, keyUploads: 1, turnCredentials: 1 },
    });
  processes = [make(5), make(5)];
});
beforeEach(() => {
  user += 1;
});
afterAll(() => server?.close());

const takenBy = async (index: 0 | 1, wanted: number): Promise<number> =>
  (await processes[index].take('keyRequests', [user], wanted)).count;

test('however many processes take at once, no window holds more than the limit', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, n) => takenBy(n % 2 === 0 ? 0 : 1, 1)));
  expect(all.reduce((sum, count) => sum + count)).toBe(5);
  const { count, retryAfterMs } = await processes[0].take('keyRequests', [user], 1);
  expect(count).toBe(0);
  expect(retryAfterMs).toBeGreaterThan(limitWindows.keyRequests - 10_000);
  expect(retryAfterMs).toBeLessThanOrEqual(limitWindows.keyRequests);
});

test('as many are given as are left, and come back one window after they were taken', async () => {
  expect(await takenBy(0, 3)).toBe(3);
  expect(await takenBy(1, 3)).toBe(2);
  expect(await takenBy(0, 1)).toBe(0);
  const key = `${server.prefix}:{u.${user % 4}}:keyRequests:${user}`;
  const members = await server.redis.zrange(key, '0', '-1');
  // as if two of them had been taken a window ago
  const past = Date.now() - limitWindows.keyRequests - 1000;
  for (const member of members.slice(0, 2)) await server.redis.zadd(key, String(past), member);
  expect(await takenBy(1, 5)).toBe(2);
});

test('what is given back can be taken again, once', async () => {
  const taken = await processes[0].take('keyRequests', [user], 5);
  await taken.giveBack(1);
  await taken.giveBack(2);
  expect(await takenBy(1, 5)).toBe(3);
  expect(await takenBy(1, 5)).toBe(0);
});

test('nothing is taken where nothing may be, or nothing is wanted; each user and pair has its own', async () => {
  expect(await processes[0].take('keysPerPair', [user, 1], 2)).toMatchObject({
    count: 0,
    retryAfterMs: limitWindows.keysPerPair,
  });
  expect((await processes[0].take('keysPerTarget', [user], 0)).count).toBe(0);
  expect((await processes[0].take('keysPerTarget', [user], 3)).count).toBe(3);
  expect((await processes[1].take('keysPerTarget', [user + 1000], 9)).count).toBe(3);
});
