import {
  closeWorker,
  createComplaints,
  isRedisDown,
  type Logger,
  openProducer,
  openQueueConnection,
  systemClock,
  withDeadline,
} from '@securechat/kernel';
import { DEFAULT_RETRY_POLICY, retryDelayMs } from '@securechat/protocol';
import { type Job, Queue, Worker } from 'bullmq';

const ADD_DEADLINE_MS = 5_000;
const STOP_WAIT_MS = 12_000;
/** Another process finds the attempt of a dead one after this; what it had claimed becomes due later. */
const LOCK_MS = 10_000;
/** Kept in Redis for inspection. */
const KEPT = { removeOnComplete: { count: 10 }, removeOnFail: { count: 50 } };
const KEPT_EVENTS = 100;
/** From the seed's retry policy. */
export const ATTEMPTS = 1 + DEFAULT_RETRY_POLICY.max_retries;

/** `failed` asks for another attempt under the retry policy. */
export type Attempt = 'over' | 'failed';

export type DueQueue<Id extends string | number> = {
  /** Adds those that are not queued already. */
  add(ids: readonly Id[]): Promise<void>;
  start(): void;
  /** Waits for requests in flight, for a bounded time. */
  stop(): Promise<void>;
};

/**
 * Due attempts, shared by all processes, each retried under the seed's retry policy. A job holds only a row's number;
 * jobs lost with Redis are queued again, because the row still says that it is due.
 */
export function createDueQueue<Id extends string | number>(parts: {
  name: 'wakes' | 'webhooks';
  redisUrl: string;
  prefix: string;
  concurrency: number;
  run(id: Id, attempt: { isRetry: boolean; isLast: boolean }): Promise<Attempt>;
  logger: Logger;
}): DueQueue<Id> {
  const { name, redisUrl, concurrency, run, logger } = parts;
  // in braces, so that a cluster keeps all keys of the queue on one node
  const prefix = `${parts.prefix}:{push-${name}}`;
  const producer = openProducer(redisUrl, { name: `push-${name}-add`, logger });
  const connection = openQueueConnection(redisUrl, `${prefix}:${name}:meta`, {
    name: `push-${name}`,
    logger,
  });
  let worker: Worker | undefined;
  const warn = createComplaints({ what: `queue of ${name}: trouble`, clock: systemClock, logger });

  async function attempt({ data, attemptsMade }: Job<{ id: Id }>): Promise<void> {
    const isLast = attemptsMade + 1 >= ATTEMPTS;
    const outcome = await run(data.id, { isRetry: attemptsMade > 0, isLast });
    // the queue only needs to know that it must retry
    if (outcome === 'failed') throw new Error(outcome);
  }

  function complain(err: unknown): void {
    if (!isRedisDown(err)) warn(err);
  }

  return {
    async add(ids) {
      if (ids.length === 0) return;
      // a queue object that met a failing Redis may stay broken, so each round has a new one
      const queue = new Queue(name, {
        connection: producer.redis,
        prefix,
        skipVersionCheck: true,
        streams: { events: { maxLen: KEPT_EVENTS } },
      });
      queue.on('error', complain);
      try {
        const jobs = ids.map((id) => ({
          name,
          data: { id },
          opts: {
            attempts: ATTEMPTS,
            backoff: { type: 'custom' },
            deduplication: { id: String(id) },
            ...KEPT,
          },
        }));
        await withDeadline(queue.addBulk(jobs), ADD_DEADLINE_MS, `queueing ${name}`);
      } finally {
        await queue.close().catch(complain);
      }
    },

    start() {
      worker = new Worker(name, attempt, {
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
      await closeWorker(worker, { producer, waitMs: STOP_WAIT_MS, what: `queue of ${name}`, logger });
      producer.close();
      connection.close();
    },
  };
}
