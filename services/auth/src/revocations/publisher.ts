import { REVOCATION_KEPT_MS, type RevocationSet } from '@securechat/directory';
import { type Clock, type Logger, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import { findChanges, lockPublication } from '../store/revocation-store.ts';

const EVERY_MS = 1_000;
/**
 * How far behind the last success is looked again. A change is dated before it is committed, and a Redis may lose
 * what it was told last; no transaction here takes this long.
 */
const OVERLAP_MS = 5 * 60_000;
/**
 * How often everything is looked at. A transaction by hand may take longer, and a process that was paused and has lost
 * its lock may have written what it had read before.
 */
const WHOLE_EVERY_MS = 5 * 60_000;

export type RevocationPublisher = {
  start(): void;
  /** Tells Redis now what was committed before. Never rejects: what fails is made good by the next look, of any process. */
  publish(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Keeps the set of devices that are not served any more in Redis as Postgres says. Every process of auth looks every
 * second for what has changed lately, every few minutes at everything, and brings everything when the set is missing. So a revocation reaches Redis
 * also when the process that committed it died before it could tell.
 */
export function createRevocationPublisher(parts: {
  pool: Pool;
  set: RevocationSet;
  clock: Clock;
  logger: Logger;
}): RevocationPublisher {
  const { pool, set, clock, logger } = parts;
  let running: Promise<void> = Promise.resolve();
  /** The one that has not begun yet. */
  let next: Promise<void> | undefined;
  let isLooking = false;
  let hasFailed = false;
  /** The last look that came to its end, and the last one at everything. */
  let succeeded: { atMs: number; wholeMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const startedMs = clock.monotonicMs();
    const before = succeeded && startedMs - succeeded.wholeMs < WHOLE_EVERY_MS ? succeeded : undefined;
    const windowMs = before ? startedMs - before.atMs + OVERLAP_MS : REVOCATION_KEPT_MS;
    await withTransaction(pool, async (client) => {
      await lockPublication(client);
      if (await set.publish(await findChanges(client, windowMs / 1000), false)) return;
      await set.publish(await findChanges(client, REVOCATION_KEPT_MS / 1000), true);
      logger.info({}, 'the revocations were missing in Redis and were brought');
    });
    succeeded = { atMs: startedMs, wholeMs: before?.wholeMs ?? startedMs };
    hasFailed = false;
  }

  /** An outage fails every second; its first line is enough. */
  function failed(err: unknown): void {
    logger[hasFailed ? 'debug' : 'warn']({ err }, 'revocations not told to the gateways yet; trying again');
    hasFailed = true;
  }

  /** One after the other, and one for all who wait: it begins after their commits, so it tells them. */
  function publish(): Promise<void> {
    next ??= running.then(() => {
      next = undefined;
      return look().catch(failed);
    });
    running = next;
    return next;
  }

  function publishUnlessBusy(): void {
    if (isLooking) return;
    isLooking = true;
    void publish().finally(() => {
      isLooking = false;
    });
  }

  return {
    start() {
      // At once: until the set is there, no gateway takes a ticket.
      publishUnlessBusy();
      timer = setInterval(publishUnlessBusy, EVERY_MS);
    },
    publish,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
