import { isIPv6 } from 'node:net';
import type { Clock } from '@securechat/kernel';

export type RateLimit = {
  /** Takes one; 0 when there was one, otherwise the milliseconds until there will be. */
  take(address: string): number;
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
      const client = clientOf(address);
      const nowMs = clock.monotonicMs();
      const before = Math.max(fullAtMs.get(client) ?? nowMs, nowMs);
      const waitMs = Math.ceil(before - nowMs + msPerToken - MINUTE_MS - ROUNDING_MS);
      // set anew in either case, so that whoever keeps trying is not the one to be forgotten
      fullAtMs.delete(client);
      fullAtMs.set(client, waitMs > 0 ? before : before + msPerToken);
      if (fullAtMs.size > maxAddresses) forgetOldest(fullAtMs);
      return Math.max(0, waitMs);
    },
  };
}

function forgetOldest(fullAtMs: Map<string, number>): void {
  for (const address of fullAtMs.keys()) {
    fullAtMs.delete(address);
    return;
  }
}

/** Who counts as one client: an IPv4 address, or the /64 that one IPv6 customer gets at least. */
export function clientOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const start = head === '' ? [] : head.split(':');
  const end = tail ? tail.split(':') : [];
  const gap = tail === undefined ? 0 : 8 - start.length - end.length;
  const groups = [...start, ...Array<string>(Math.max(0, gap)).fill('0'), ...end];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
