import type { Logger, RedisClient } from '@securechat/kernel';
import { groupOperationScript } from './scripts.ts';
import { seedLimits } from './table.ts';
import type { Verdict } from './verdict.ts';

export type GroupLimit = {
  /** Counts one group operation of this user. */
  take(user: number): Promise<Verdict>;
};

/**
 * Group operations of a user in any 60 seconds, exact over all gateways. They are rare, so each asks Redis and
 * nothing is leased; and while Redis does not answer there are none.
 */
export function createGroupLimit(parts: {
  redis: RedisClient;
  prefix: string;
  shards: number;
  perMinute: number;
  /** Part of the key: what is counted. */
  of: 'group-operations' | 'group-commits';
  logger: Logger;
}): GroupLimit {
  const { redis, prefix, shards, perMinute, of, logger } = parts;
  return {
    async take(user) {
      const key = `${prefix}:{u.${user % shards}}:${of}:${user}`;
      try {
        const args = [perMinute, seedLimits.groupOperations.windowMs];
        const retryAfterMs = await groupOperationScript.run(redis, [key], args);
        return retryAfterMs === 0 ? undefined : { retryAfterMs, limit: perMinute };
      } catch (err) {
        logger.debug({ err }, 'limit of group operations not reachable');
        return 'unavailable';
      }
    },
  };
}
