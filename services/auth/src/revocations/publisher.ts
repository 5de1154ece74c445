import { REVOCATION_KEPT_MS, type RevocationSet } from '@securechat/directory';
import { type Clock, type Logger, repeatEvery, shareRuns, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import { findChanges, lockPublication } from '../store/revocation-store.ts';

const EVERY_MS = 1_000;
/**
 * Each look reaches this far behind the last success. A change is timestamped before it commits, and a Redis may lose
 * its latest writes; no transaction here takes this long.
 */
const OVERLAP_MS = 5 * 60_000;
/**
 * Interval of full looks. A manual transaction may take longer, and a process that was paused and has lost its lock
 * may have written stale reads.
 */
const WHOLE_EVERY_MS = 5 * 60_000;

export type RevocationPublisher = {
  start(): void;
  /** Publishes what was committed before to Redis. Never rejects: the next look, of any process, makes up for a failure. */
  publish(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Keeps Redis' set of devices that are no longer served in line with Postgres. Every auth process checks recent
 * changes every second and everything every few minutes, and republishes everything when the set is missing. So a
 * revocation reaches Redis even if the process that committed it died before publishing.
 */
export function createRevocationPublisher(parts: {
  pool: Pool;
  set: RevocationSet;
  clock: Clock;
  logger: Logger;
}): RevocationPublisher {
  const { pool, set, clock, logger } = parts;
  let hasFailed = false;
  /** The last look that finished, and the last full one. */
  let succeeded: { atMs: number; wholeMs: number } | undefined;
  let repeated: { stop(): Promise<void> } | undefined;

  async function look(): Promise<void> {
    const startedMs = clock.monotonicMs();
    const before = succeeded && startedMs - succeeded.wholeMs < WHOLE_EVERY_MS ? succeeded : undefined;
    const windowMs = before ? startedMs - before.atMs + OVERLAP_MS : REVOCATION_KEPT_MS;
    await withTransaction(pool, async (client) => {
      await lockPublication(client);
      if (await set.publish(await findChanges(client, windowMs / 1000), false)) return;
      await set.publish(await findChanges(client, REVOCATION_KEPT_MS / 1000), true);
      logger.info({}, 'the revocations were missing in Redis and have been republished');
    });
    succeeded = { atMs: startedMs, wholeMs: before?.wholeMs ?? startedMs };
    hasFailed = false;
  }

  /** An outage fails every second; its first line is enough. */
  function failed(err: unknown): void {
    logger[hasFailed ? 'debug' : 'warn']({ err }, 'revocations not published to gateways yet; trying again');
    hasFailed = true;
  }

  /** It begins after the commits of all who wait for it, so it covers them. */
  const looks = shareRuns(() => look().catch(failed));

  return {
    start() {
      // At once: until the set is there, no gateway accepts tickets.
      void looks.ask();
      repeated = repeatEvery(EVERY_MS, looks.ask, failed);
    },
    publish: looks.ask,
    async stop() {
      await repeated?.stop();
      await looks.ended();
    },
  };
}
