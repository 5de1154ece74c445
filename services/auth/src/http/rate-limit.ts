import { addressKey, type Clock } from '@securechat/kernel';

export type RateLimit = {
  /** Takes one; 0 when there was one, otherwise the milliseconds until there will be. */
  take(address: string): number;
  /** Returns a token that turned out not to count. */
  giveBack(address: string): void;
};

/** Bounds memory to about 2 MB. Beyond it, the least recently used address is forgotten and starts afresh. */
const MAX_ADDRESSES = 20_000;
const MINUTE_MS = 60_000;
/** More than the rounding error of sums of fractional milliseconds. */
const ROUNDING_MS = 0.001;

/**
 * A token bucket per client address: `perMinute` at once, refilled evenly. Local to this process: with N processes
 * behind a load balancer a client gets up to N times as much, and a restart forgets.
 */
export function createRateLimit(perMinute: number, clock: Clock, maxAddresses = MAX_ADDRESSES): RateLimit {
  // when each bucket will be full again, in LRU order
  const fullAtMs = new Map<string, number>();
  const msPerToken = MINUTE_MS / perMinute;

  return {
    take(address) {
      const client = addressKey(address);
      const nowMs = clock.monotonicMs();
      const before = Math.max(fullAtMs.get(client) ?? nowMs, nowMs);
      const waitMs = Math.ceil(before - nowMs + msPerToken - MINUTE_MS - ROUNDING_MS);
      // re-inserted in either case, so that a client that keeps trying is not the one to be forgotten
      fullAtMs.delete(client);
      fullAtMs.set(client, waitMs > 0 ? before : before + msPerToken);
      if (fullAtMs.size > maxAddresses) forgetOldest(fullAtMs);
      return Math.max(0, waitMs);
    },
    giveBack(address) {
      const client = addressKey(address);
      const fullAt = fullAtMs.get(client);
      if (fullAt !== undefined) fullAtMs.set(client, fullAt - msPerToken);
    },
  };
}

function forgetOldest(fullAtMs: Map<string, number>): void {
  for (const address of fullAtMs.keys()) {
    fullAtMs.delete(address);
    return;
  }
}
