import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createFileBudget } from './file-budget.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

const LIMIT = 10_000_000;
const budgetOf = () =>
  createFileBudget(store.redis, { prefix: store.prefix, shards: 1, bytesPerMinute: LIMIT });

test('no 60 seconds hold more than the limit, whoever asks where, and each gets its turn', async () => {
  // as if on two gateways
  const budgets = [budgetOf(), budgetOf()];
  const chunk = 100_000;
  const grants = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const grant = await budgets[index % 2]?.take(1, chunk, 3_600_000);
      if (!grant?.isTaken) throw new Error('whoever waits for an hour is not refused');
      return grant.waitMs;
    }),
  );
  const times = grants.sort((a, b) => a - b);
  const most = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length),
  );
  expect(most * chunk).toBeLessThanOrEqual(LIMIT);
  // and not much less: 2 MB at once, then 133 kB per second
  expect(times.filter((at) => at === 0)).toHaveLength(20);
  expect(times.at(-1)).toBeGreaterThan(130_000);
  expect(times.at(-1)).toBeLessThan(136_000);
});

test('whoever would wait longer than it is ready to takes nothing', async () => {
  const budget = budgetOf();
  expect(await budget.take(2, LIMIT / 5, 0)).toEqual({ isTaken: true, waitMs: 0 });
  const refused = await budget.take(2, 1_000_000, 1_000);
  expect(refused.isTaken).toBe(false);
  // had it taken anything, the next would have to wait for that too
  const granted = await budget.take(2, 100_000, 1_000);
  expect(granted.isTaken && granted.waitMs).toBeLessThanOrEqual(760);
  expect(await budget.take(3, 1_000, 0)).toEqual({ isTaken: true, waitMs: 0 });
});
