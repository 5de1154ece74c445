import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { announceLimits, type LimitsInForce, readLimits } from './limits-in-force.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

const logger = createLogger({ service: 'files', instance: 'test', level: 'silent' });
const limitOf = (most: number): LimitsInForce => ({
  storage: { most, unit: 'bytes', per: 'user', windowMs: 0, option: 'FILES_STORAGE_PER_USER' },
});
const announce = (most: number) =>
  announceLimits({
    redis: store.redis,
    prefix: store.prefix,
    service: 'files',
    limits: limitOf(most),
    logger,
  });

test('who spoke last is heard, and a service that has ended is silent after minutes', async () => {
  expect(await readLimits(store.redis, store.prefix)).toEqual({
    gateway: undefined,
    delivery: undefined,
    files: undefined,
  });
  // in this order on one connection
  const announced = [announce(1), announce(2)];
  const { files, gateway } = await readLimits(store.redis, store.prefix);
  expect({ files, gateway }).toEqual({ files: limitOf(2), gateway: undefined });
  for (const each of announced) each.stop();
  const leftMs = await store.redis.pttl(`${store.prefix}:{limits}:files`);
  expect(leftMs).toBeGreaterThan(60_000);
  expect(leftMs).toBeLessThanOrEqual(180_000);
});
