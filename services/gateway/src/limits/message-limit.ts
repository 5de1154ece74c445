import { MESSAGE_BUCKETS, messageCount } from '@securechat/directory';
import type { Clock, Logger, RedisClient } from '@securechat/kernel';
import { leaseScript } from './scripts.ts';
import type { Verdict } from './verdict.ts';

/** How long a refusal is remembered at most, so that a flood of refused messages does not reach Redis. */
const REMEMBER_REFUSAL_MS = 500;

type Lease = {
  left: number;
  bucket: number;
  endsAt: number;
  /** Messages of the last lease: a busy user's next one is twice as large, an idle user starts over. */
  size: number;
  /** Redis is not asked again before this. */
  refusedUntil: number;
  /** When Redis said it will grant again. */
  grantedFrom: number;
  pending: Promise<Verdict> | undefined;
};

export type MessageLimit = {
  /** Counts one message of this user. Returns a promise only when Redis must be asked. */
  take(user: number): Verdict | Promise<Verdict>;
  /** Returns what idle users have not used. Called about once a second. */
  sweep(): void;
};

/**
 * Messages per user in any 60 seconds, exact across all gateways: each gateway leases a few at a time, and leased
 * messages are counted at once. Leases grow from 1 to a tenth of the limit while they are used up quickly, so a fast
 * sender costs one Redis call per ten messages and a slow one wastes nothing.
 */
export function createMessageLimit(parts: {
  redis: RedisClient;
  /** The Redis key that counts a user's messages. */
  keyOf: (user: number) => string;
  perMinute: number;
  clock: Clock;
  logger: Logger;
}): MessageLimit {
  const { redis, keyOf, perMinute, clock, logger } = parts;
  const largestLease = Math.max(1, Math.floor(perMinute / 10));
  const leases = new Map<number, Lease>();

  function leaseOf(user: number): Lease {
    let lease = leases.get(user);
    if (!lease) {
      lease = { left: 0, bucket: 0, endsAt: 0, size: 0, refusedUntil: 0, grantedFrom: 0, pending: undefined };
      leases.set(user, lease);
    }
    return lease;
  }

  /** What the lease has left can no longer be used, and is returned with the request. */
  function askRedis(user: number, wanted: number, lease: Lease) {
    const unused = lease.left;
    lease.left = 0;
    const ages = [messageCount.bucketMs, MESSAGE_BUCKETS, 0];
    return leaseScript.run(redis, [keyOf(user)], [perMinute, wanted, ...ages, lease.bucket, unused]);
  }

  async function renew(user: number, lease: Lease): Promise<Verdict> {
    // Measured from before the request: Redis counts from after it, so the lease ends in time.
    const askedAt = clock.monotonicMs();
    const wanted = Math.min(largestLease, askedAt < lease.endsAt ? lease.size * 2 : 1) || 1;
    try {
      const [granted, bucket, retryAfterMs] = await askRedis(user, wanted, lease);
      if (granted === 0) {
        const now = clock.monotonicMs();
        lease.refusedUntil = now + Math.min(retryAfterMs, REMEMBER_REFUSAL_MS);
        lease.grantedFrom = now + retryAfterMs;
        return { retryAfterMs, limit: perMinute };
      }
      Object.assign(lease, { left: granted, bucket, endsAt: askedAt + messageCount.leaseMs, size: granted });
      return undefined;
    } catch (err) {
      logger.debug({ err }, 'message limit not reachable');
      return 'unavailable';
    }
  }

  function takeNow(lease: Lease): Verdict | 'ask' {
    const now = clock.monotonicMs();
    if (lease.left > 0 && now < lease.endsAt) {
      lease.left--;
      return undefined;
    }
    if (now < lease.refusedUntil)
      return { retryAfterMs: Math.ceil(lease.grantedFrom - now), limit: perMinute };
    return 'ask';
  }

  async function takeAfterAsking(user: number, lease: Lease): Promise<Verdict> {
    for (;;) {
      lease.pending ??= renew(user, lease).finally(() => {
        lease.pending = undefined;
      });
      const verdict = await lease.pending;
      if (verdict !== undefined) return verdict;
      // Others of the same user may have waited for the same lease and used it up.
      const taken = takeNow(lease);
      if (taken !== 'ask') return taken;
    }
  }

  return {
    take(user) {
      const lease = leaseOf(user);
      const taken = lease.pending === undefined ? takeNow(lease) : 'ask';
      return taken === 'ask' ? takeAfterAsking(user, lease) : taken;
    },
    sweep() {
      const now = clock.monotonicMs();
      for (const [user, lease] of leases) {
        if (lease.pending !== undefined || now < lease.endsAt || now < lease.refusedUntil) continue;
        leases.delete(user);
        if (lease.left === 0) continue;
        askRedis(user, 0, lease).catch((err: unknown) =>
          logger.debug({ err }, 'unused messages not returned; they expire with time'),
        );
      }
    },
  };
}
