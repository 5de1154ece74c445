import {
  closeWorker,
  isRedisDown,
  type Logger,
  openProducer,
  openQueueConnection,
  withDeadline,
} from '@securechat/kernel';
import { DEFAULT_RETRY_POLICY, retryDelayMs } from '@securechat/protocol';
import { type Job, Queue, Worker } from 'bullmq';
import type { Attempt } from './wake.ts';

const NAME = 'wakes';
const ADD_DEADLINE_MS = 5_000;
const STOP_WAIT_MS = 12_000;
/** The attempt of a process that died is found by another one after this; what it had claimed is due again later. */
const LOCK_MS = 10_000;
/** What is kept in Redis for the curious. */
const KEPT = { removeOnComplete: { count: 10 }, removeOnFail: { count: 50 } };
const KEPT_EVENTS = 100;
const ATTEMPTS = 1 + DEFAULT_RETRY_POLICY.max_retries;
/** Beside its requests: the waits between attempts, and what a busy machine takes. */
const CLAIM_SLACK_MS = 5_000;

/** All attempts of a wake are over by then, when each takes no longer than this. */
export function claimMsFor(attemptMs: number): number {
  const waits = Array.from(
    { length: ATTEMPTS - 1 },
    (_, n) => retryDelayMs(DEFAULT_RETRY_POLICY, n + 1, 1) ?? 0,
  );
  return ATTEMPTS * attemptMs + waits.reduce((sum, ms) => sum + ms, CLAIM_SLACK_MS);
}

export type WakeQueue = {
  /** Puts those in that are not in already. */
  add(ids: readonly number[]): Promise<void>;
  start(): void;
  /** Waits for requests under way, for a bounded time. */
  stop(): Promise<void>;
};

/**
 * Attempts that are due, shared by all processes, each repeated by the seed's retry policy. A job holds the number of a row and nothing
 * else; what is lost with Redis is put in again, because the row still says that it is due.
 */
export function createWakeQueue(parts: {
  redisUrl: string;
  prefix: string;
  concurrency: number;
  wake(id: number, attempt: { isRetry: boolean; isLast: boolean }): Promise<Attempt>;
  logger: Logger;
}): WakeQueue {
  const { redisUrl, concurrency, wake, logger } = parts;
  // in braces, so that a cluster keeps all keys of the queue on one node
  const prefix = `${parts.prefix}:{push-${NAME}}`;
  const producer = openProducer(redisUrl, { name: 'push-wakes-add', logger });
  const connection = openQueueConnection(redisUrl, `${prefix}:${NAME}:meta`, { name: 'push-wakes', logger });
  let worker: Worker | undefined;

  async function attempt({ data, attemptsMade }: Job<{ id: number }>): Promise<void> {
    const isLast = attemptsMade + 1 >= ATTEMPTS;
    const outcome = await wake(data.id, { isRetry: attemptsMade > 0, isLast });
    // the queue only needs to know that it has to come round again
    if (outcome === 'failed') throw new Error(outcome);
  }

  function complain(err: unknown): void {
    if (!isRedisDown(err)) logger.warn({ err }, 'queue of wakes: trouble');
  }

  return {
    async add(ids) {
      if (ids.length === 0) return;
      // a queue object that met a failing Redis once may stay broken, so each round has a new one
      const queue = new Queue(NAME, {
        connection: producer.redis,
        prefix,
        skipVersionCheck: true,
        streams: { events: { maxLen: KEPT_EVENTS } },
      });
      queue.on('error', complain);
      try {
        const jobs = ids.map((id) => ({
          name: 'wake',
          data: { id },
          opts: {
            attempts: ATTEMPTS,
            backoff: { type: 'custom' },
            deduplication: { id: String(id) },
            ...KEPT,
          },
        }));
        await withDeadline(queue.addBulk(jobs), ADD_DEADLINE_MS, 'queueing wakes');
      } finally {
        await queue.close().catch(complain);
      }
    },

    start() {
      worker = new Worker(NAME, attempt, {
        connection: connection.redis,
        prefix,
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS,
        skipVersionCheck: true,
        settings: {
          backoffStrategy: (attemptsMade) =>
            retryDelayMs(DEFAULT_RETRY_POLICY, attemptsMade, Math.random()) ?? 0,
        },
        ...KEPT,
      });
      worker.on('error', complain);
    },

    async stop() {
      await closeWorker(worker, { producer, waitMs: STOP_WAIT_MS, what: 'queue of wakes', logger });
      producer.close();
      connection.close();
    },
  };
}
