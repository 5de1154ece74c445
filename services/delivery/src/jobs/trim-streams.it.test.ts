import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { createTrimmer, type Trimmer } from './trim-streams.ts';

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
  trimmer = createTrimmer(redis, createLogger({ service: 'delivery', instance: 'test', level: 'silent' }));
  trimmer.start();

  trimmer.committed(new Map([[one, '100-1']]));
  trimmer.committed(new Map([[one, '397-1']]));
  await until('it is trimmed', async () => (await redis.xlen(one)) <= 103);
  const ids = (await redis.xrange(one, '-', '+')).map(([id]) => id);
  // everything behind the committed entry
  expect(ids).toEqual(Array.from({ length: 103 }, (_, index) => `${398 + index}-1`));
  expect(await redis.xlen(two)).toBe(1);
});
