import type { RedisClient } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';
import { fileBudgetScript } from './scripts.ts';

const MINUTE_MS = 60_000;
/** Share of a minute's bytes that may go at once: a photo need not trickle. The rest refills over the minute. */
const BURST_SHARE = 0.2;

/** Taken: to be used after `waitMs`. Not taken: ask again after `retryAfterMs`. */
export type FileGrant = { isTaken: true; waitMs: number } | { isTaken: false; retryAfterMs: number };

export type FileBudget = {
  /**
   * Takes `bytes` from what this user may send and receive. Callers willing to wait get a time slot, in turn, so that
   * a transfer is throttled instead of failing. Rejects while Redis is down.
   */
  take(user: number, bytes: number, longestWaitMs: number): Promise<FileGrant>;
};

/**
 * File bytes per user in any 60 seconds, exact across all gateways and services: a token bucket that holds a fifth of
 * them and refills with the rest within a minute, so that no minute exceeds the limit.
 */
export function createFileBudget(
  redis: RedisClient,
  options: { prefix: string; shards: number; bytesPerMinute: number },
): FileBudget {
  const { prefix, shards, bytesPerMinute } = options;
  const keys = directoryKeys(prefix, shards);
  const bytesPerMs = (bytesPerMinute * (1 - BURST_SHARE)) / MINUTE_MS;
  const burstMs = (bytesPerMinute * BURST_SHARE) / bytesPerMs;
  return {
    async take(user, bytes, longestWaitMs) {
      const args = [bytes, bytesPerMs, burstMs, longestWaitMs];
      const [isTaken, ms] = await fileBudgetScript.run(redis, [keys.fileBudget(user)], args);
      return isTaken === 1 ? { isTaken: true, waitMs: ms } : { isTaken: false, retryAfterMs: ms };
    },
  };
}
