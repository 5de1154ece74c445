import { GROUP_WINDOW_MS } from '@securechat/directory';
import type { Logger, RedisClient } from '@securechat/kernel';
import { groupOperationScript } from './scripts.ts';
import type { Verdict } from './verdict.ts';

export type GroupLimit = {
  /** Counts one group operation of this user. */
  take(user: number): Promise<Verdict>;
};

/**
 * Group operations per user in any 60 seconds, exact across all gateways. They are rare, so each asks Redis and
 * nothing is leased; while Redis does not answer none are allowed.
 */
export function createGroupLimit(parts: {
  redis: RedisClient;
  /** The Redis key that counts a user's operations. */
  keyOf: (user: number) => string;
  perMinute: number;
  logger: Logger;
}): GroupLimit {
  const { redis, keyOf, perMinute, logger } = parts;
  return {
    async take(user) {
      try {
        const retryAfterMs = await groupOperationScript.run(
          redis,
          [keyOf(user)],
          [perMinute, GROUP_WINDOW_MS],
        );
        return retryAfterMs === 0 ? undefined : { retryAfterMs, limit: perMinute };
      } catch (err) {
        logger.debug({ err }, 'limit of group operations not reachable');
        return 'unavailable';
      }
    },
  };
}
