import { addressKey, type Clock } from '@securechat/kernel';

export type RateLimit = {
  /** Takes one; 0 when there was one, otherwise the milliseconds until there will be. */
  take(address: string): number;
  /** What was taken turned out not to count. */
  giveBack(address: string): void;
};

/** Bounds the memory to about 2 MB. Beyond, whoever was quiet for longest is forgotten and starts afresh. */
const MAX_ADDRESSES = 20_000;
const MINUTE_MS = 60_000;
/** More than sums of fractional milliseconds can be wrong by. */
const ROUNDING_MS = 0.001;

/**
 * A token bucket per client address: `perMinute` at once, refilled evenly. It is kept by this process alone: with N
 * processes behind a load balancer a client gets up to N times as much, and a restart forgets.
 */
export function createRateLimit(perMinute: number, clock: Clock, maxAddresses = MAX_ADDRESSES): RateLimit {
  // when each bucket will be full again; in the order of last use
  const fullAtMs = new Map<string, number>();
  const msPerToken = MINUTE_MS / perMinute;

  return {
    take(address) {
      const client = addressKey(address);
      const nowMs = clock.monotonicMs();
      const before = Math.max(fullAtMs.get(client) ?? nowMs, nowMs);
      const waitMs = Math.ceil(before - nowMs + msPerToken - MINUTE_MS - ROUNDING_MS);
      // set anew in either case, so that whoever keeps trying is not the one to be forgotten
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
