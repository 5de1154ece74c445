import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadScript, type RedisClient, redisTimeMs } from '@securechat/kernel';
import { type KeyLimit, limitWindows } from './table.ts';

const windowScript = loadScript<[taken: number, retryAfterMs: number]>(
  'window',
  readFileSync(new URL('./window.lua', import.meta.url), 'utf8'),
  1,
);

type Taken = {
  /** How many of those wanted; may be zero. */
  count: number;
  retryAfterMs: number;
  /** Returns some of them that were not used after all. */
  giveBack(count: number): Promise<void>;
};

/** `who` are internal user numbers, starting with the user whose limit it is. */
export type KeyLimits = {
  take(limit: KeyLimit, who: readonly number[], wanted: number): Promise<Taken>;
  /** How many were taken in the window that ends now. */
  count(limit: KeyLimit, user: number): Promise<number>;
};

/** Exact across all processes: Redis counts, and no window ever exceeds the limit. */
export function createKeyLimits(parts: {
  redis: RedisClient;
  prefix: string;
  shards: number;
  most: Record<KeyLimit, number>;
}): KeyLimits {
  const { redis, prefix, shards, most } = parts;
  const keyOf = (limit: KeyLimit, who: readonly number[]): string =>
    `${prefix}:{u.${(who[0] ?? 0) % shards}}:${limit}:${who.join('.')}`;
  return {
    async take(limit, who, wanted) {
      const key = keyOf(limit, who);
      const name = randomBytes(9).toString('base64url');
      const [count, retryAfterMs] =
        wanted === 0
          ? [0, 0]
          : await windowScript.run(redis, [key], [most[limit], limitWindows[limit], wanted, name]);
      let kept = count;
      return {
        count,
        retryAfterMs,
        async giveBack(unused) {
          const names = Array.from({ length: unused }, (_, index) => `${name}.${kept - index}`);
          kept -= unused;
          if (names.length > 0) await redis.zrem(key, ...names);
        },
      };
    },

    async count(limit, user) {
      const nowMs = Math.floor(redisTimeMs(await redis.time()));
      return redis.zcount(keyOf(limit, [user]), `(${nowMs - limitWindows[limit]}`, '+inf');
    },
  };
}
