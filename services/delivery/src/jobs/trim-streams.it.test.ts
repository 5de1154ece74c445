import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { openTestRedis, startOwnRedis, type TestRedis, until } from '@securechat/testkit';
import { Redis } from 'ioredis';
import { createTrimmer, type Trimmer } from './trim-streams.ts';

const logger = createLogger({ service: 'delivery', instance: 'test', level: 'silent' });
let testRedis: TestRedis;
let trimmer: Trimmer | undefined;

beforeAll(async () => {
  testRedis = await openTestRedis();
});
afterEach(() => trimmer?.stop());
afterAll(() => testRedis?.close());

test('the committed entry goes with what lies before it, the rest stays, and so do streams without a commit', async () => {
  const { redis, prefix } = testRedis;
  const [one, two] = [`${prefix}:{d.0}:in`, `${prefix}:{d.1}:in`];
  for (let n = 1; n <= 500; n += 1) await redis.xadd(one, `${n}-1`, 'e', 'x');
  await redis.xadd(two, '1-1', 'e', 'x');
  trimmer = createTrimmer(redis, logger);
  trimmer.start();

  trimmer.committed(one, '100-1');
  trimmer.committed(one, '397-1');
  await until('it is trimmed', async () => (await redis.xlen(one)) <= 103);
  const ids = (await redis.xrange(one, '-', '+')).map(([id]) => id);
  // everything after the committed entry
  expect(ids).toEqual(Array.from({ length: 103 }, (_, index) => `${398 + index}-1`));
  expect(await redis.xlen(two)).toBe(1);
});

test('a stream that could not be trimmed is trimmed when it can, though nothing more is committed', async () => {
  const server = await startOwnRedis();
  const redis = new Redis(server.url);
  try {
    for (let n = 1; n <= 10; n += 1) await redis.xadd('in', `${n}-1`, 'e', 'x');
    // it refuses writes, as when its disk is full
    await redis.config('SET', 'min-replicas-to-write', 1);
    trimmer = createTrimmer(redis, logger);
    trimmer.start();
    trimmer.committed('in', '10-1');
    await until('it was refused', async () => /errorstat_NOREPLICAS/.test(await redis.info('errorstats')));
    expect(await redis.xlen('in')).toBe(10);
    await redis.config('SET', 'min-replicas-to-write', 0);
    await until('it is trimmed', async () => (await redis.xlen('in')) === 0);
  } finally {
    trimmer?.stop();
    redis.disconnect();
    await server.stop();
  }
});

test('a stream that began anew under lower ids keeps what nobody has read', async () => {
  const { redis, prefix } = testRedis;
  const [one, two] = [`${prefix}:{d.0}:anew`, `${prefix}:{d.0}:as-it-was`];
  await redis.xadd(one, '5-1', 'e', 'x');
  await redis.xadd(two, '5-1', 'e', 'x');
  trimmer = createTrimmer(redis, logger);
  trimmer.start();
  trimmer.committed(one, '900-1');
  trimmer.committed(two, '5-1');
  await until('the other is trimmed', async () => (await redis.xlen(two)) === 0);
  expect(await redis.xlen(one)).toBe(1);
});
