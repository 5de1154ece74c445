import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** The Redis of the test run, and a unique key prefix. */
export type TestRedis = { redis: Redis; prefix: string; close(): Promise<void> };

export async function openTestRedis(): Promise<TestRedis> {
  const url = process.env.TEST_REDIS_URL;
  if (!url) throw new Error('TEST_REDIS_URL is not set: run this through npm test');
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  const prefix = `directory-test-${randomBytes(6).toString('hex')}`;
  return {
    redis,
    prefix,
    async close() {
      for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
        if (keys.length > 0) await redis.unlink(...(keys as string[]));
      }
      redis.disconnect();
    },
  };
}
