import type { Clock, Logger, RedisClient } from '@securechat/kernel';
import { LocalRate } from './local-rate.ts';
import { leaseScript } from './scripts.ts';
import { seedLimits } from './table.ts';
import type { Verdict } from './verdict.ts';

const BUCKET_MS = 25;
const WINDOW_MS = seedLimits.globalMessages.windowMs;
const COUNTED_BUCKETS = WINDOW_MS / BUCKET_MS + 1;
/** Short, because the window loses the lease's duration: 5 to 7 % of the limit with the shortest. */
const SHORTEST_LEASE_MS = 50;
/** On an overloaded machine answers come late, and messages waiting for a lease make it worse. */
const LONGEST_LEASE_MS = 800;
/** Lease duration as a multiple of the answer time: half of it is left when the next is requested. */
const ANSWERS_PER_LEASE = 4;
/** Decay per answer: a slow answer is soon forgotten, but not by a single quick one. */
const LEASE_SHRINKS_TO = 0.9;
/** With a lease of one, a single message would ask twice: for itself, and because nothing is left. */
const SMALLEST_LEASE = 2;
/** Leases that expire before they arrive; after this many in a row this process itself is too slow. */
const MAX_LATE = 10;
/** Retry interval after Redis did not answer; asked in the background. */
const ASK_AGAIN_MS = 500;

export type GlobalLimit = {
  /** Counts one message of any user. Returns a promise only when Redis must be asked. */
  take(): Verdict | Promise<Verdict>;
  /** A message that still waits for something else will follow: asks Redis meanwhile, if needed. */
  prepare(): void;
};

/**
 * Messages of all users in any second, across all gateways. Each gateway leases a few briefly, twice what it needed
 * since its last request; leased messages are counted at once, and unused ones are returned with the next request.
 * While messages flow, the next lease is requested before the last is used up, so that no message waits. A lease
 * lasts 50 ms, or longer where answers take longer.
 *
 * LEASED   Redis answers. No second exceeds the limit.
 * FULL     Redis has nothing left; until it will, messages are refused here without asking.
 * ALONE    Redis does not answer: this gateway takes its share, the limit divided by the gateways last seen.
 *          Left by the first answer.
 */
export function createGlobalLimit(parts: {
  redis: RedisClient;
  prefix: string;
  perSecond: number;
  liveGateways: () => readonly string[];
  clock: Clock;
  logger: Logger;
}): GlobalLimit {
  const { redis, perSecond, liveGateways, clock, logger } = parts;
  const key = `${parts.prefix}:{global}:messages`;
  let leaseMs = SHORTEST_LEASE_MS;
  let lease = { left: 0, size: 0, bucket: 0, endsAt: 0, renewAt: 0 };
  /** From an earlier lease; returned with the next request. If lost, it comes back within a second anyway. */
  let unused = { bucket: 0, count: 0 };
  /** Messages since the last request, and those waiting for its answer. */
  let needed = 0;
  let waiting = 0;
  let pending: Promise<void> | undefined;
  let fullUntil = 0;
  let late = 0;
  let share: LocalRate | undefined;
  let askAgainAt = 0;

  function ask(now: number): Promise<void> {
    pending ??= lend(now).finally(() => {
      pending = undefined;
    });
    return pending;
  }

  /** `askedAt` is from before the request: Redis counts from after it, so the lease ends in time. */
  async function lend(askedAt: number): Promise<void> {
    if (askedAt >= lease.endsAt) putAside();
    const ahead = Math.ceil(leaseMs / BUCKET_MS);
    // One gateway alone can use the whole limit, and the last one to ask gets something.
    const most = Math.max(1, Math.floor((perSecond * ahead * BUCKET_MS) / WINDOW_MS));
    const wanted = Math.min(most, Math.max(SMALLEST_LEASE, 2 * needed, waiting));
    const { bucket: unusedBucket, count } = unused;
    needed = 0;
    unused = { bucket: 0, count: 0 };
    try {
      const [granted, bucket, fullForMs] = await leaseScript.run(
        redis,
        [key],
        [perSecond, wanted, BUCKET_MS, COUNTED_BUCKETS, ahead, unusedBucket, count],
      );
      const now = clock.monotonicMs();
      share = undefined;
      leaseMs = nextLeaseMs(leaseMs, now - askedAt);
      if (granted === 0) fullUntil = now + fullForMs;
      else {
        putAside();
        const lastsMs = ahead * BUCKET_MS;
        const endsAt = askedAt + lastsMs;
        lease = { left: granted, size: granted, bucket, endsAt, renewAt: askedAt + lastsMs / 2 };
        late = now < endsAt ? 0 : late + 1;
      }
    } catch (err) {
      if (!share) logger.warn({ err }, "global limit not reachable; taking this gateway's share");
      share ??= new LocalRate({ count: shareOf(), windowMs: WINDOW_MS });
      askAgainAt = clock.monotonicMs() + ASK_AGAIN_MS;
    }
  }

  function putAside(): void {
    if (lease.left > unused.count) unused = { bucket: lease.bucket, count: lease.left };
    lease.left = 0;
  }

  const shareOf = (): number => Math.max(1, Math.floor(perSecond / Math.max(1, liveGateways().length)));

  /** Randomised, or all clients would come back at once. */
  const refusal = (): Verdict => ({
    retryAfterMs: Math.ceil(WINDOW_MS * (0.5 + Math.random())),
    limit: perSecond,
  });

  function takeNow(): Verdict | 'ask' {
    const now = clock.monotonicMs();
    if (share) {
      if (now >= askAgainAt) void ask(now);
      return share.take(now) === 0 ? undefined : refusal();
    }
    if (lease.left > 0 && now < lease.endsAt) {
      lease.left--;
      const isTime = now >= lease.renewAt || lease.left * 2 < lease.size;
      if (isTime && pending === undefined && now >= fullUntil) void ask(now);
      return undefined;
    }
    return now < fullUntil ? refusal() : 'ask';
  }

  async function takeAfterAsking(): Promise<Verdict> {
    waiting++;
    try {
      for (;;) {
        await ask(clock.monotonicMs());
        if (late >= MAX_LATE) return 'unavailable';
        // Others may have waited for the same lease and used it up.
        const taken = takeNow();
        if (taken !== 'ask') return taken;
      }
    } finally {
      waiting--;
    }
  }

  return {
    take() {
      needed++;
      const taken = takeNow();
      return taken === 'ask' ? takeAfterAsking() : taken;
    },
    prepare() {
      const now = clock.monotonicMs();
      const hasRoom = lease.left > 0 && now < lease.endsAt;
      if (!hasRoom && !share && pending === undefined && now >= fullUntil) void ask(now);
    },
  };
}

function nextLeaseMs(lastMs: number, answerTookMs: number): number {
  const wanted = Math.max(answerTookMs * ANSWERS_PER_LEASE, lastMs * LEASE_SHRINKS_TO);
  return Math.min(LONGEST_LEASE_MS, Math.max(SHORTEST_LEASE_MS, wanted));
}
