import type { Logger, RedisClient } from '@securechat/kernel';
import { groupOperationScript } from './scripts.ts';
import type { Verdict } from './verdict.ts';

export type GroupLimit = {
  /** Counts one operation of this user. */
  take(user: number): Promise<Verdict>;
};

/**
 * Group operations of one kind per user in any window, exact across all gateways. They are rare, so each asks Redis
 * and nothing is leased; while Redis does not answer none are allowed.
 */
export function createGroupLimit(parts: {
  redis: RedisClient;
  /** The Redis key that counts a user's operations. */
  keyOf: (user: number) => string;
  most: number;
  windowMs: number;
  logger: Logger;
}): GroupLimit {
  const { redis, keyOf, most, windowMs, logger } = parts;
  return {
    async take(user) {
      try {
        const retryAfterMs = await groupOperationScript.run(redis, [keyOf(user)], [most, windowMs]);
        return retryAfterMs === 0 ? undefined : { retryAfterMs, limit: most };
      } catch (err) {
        logger.debug({ err }, 'limit of group operations not reachable');
        return 'unavailable';
      }
    },
  };
}
