import { type Clock, classify, createBackoff, type Logger, sleep, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { DeliveryMetrics } from '../metrics.ts';
import type { Publisher } from '../publisher.ts';
import type { Policy } from '../rules/policy.ts';
import { backToInline, findWaiting } from '../store/outbox.ts';
import { EVERYBODY, expand } from './expand.ts';

/** How soon what a dead process left, or another was told to do and did not, is found. */
const LOOK_EVERY_MS = 250;
/**
 * After a turn, in times of its own length. A worker is busy for a fifth of the time, so that the deliveries and acknowledgements of a
 * thousand members leave the machine to others between them; for half of it once messages of the conversation queue up.
 */
const REST_SHARE = 4;
const HURRIED_REST_SHARE = 1;
const HURRY_FROM_MESSAGES = 4;

export type Fanout = {
  start(): void;
  /** These conversations have something in their outbox: no need to wait for the next look. */
  wake(conversations: readonly number[]): void;
  stop(): Promise<void>;
};

/**
 * Delivers messages of large conversations from the outbox, apart from the path of messages: on connections of its own, so
 * many conversations at once and by turns, a bounded piece of each. Any process may do any of it, at any time; what is done
 * stands in Postgres.
 *
 * WAITING    nothing is known to do; a look every 250 ms, or a message that this process has stored, ends it.
 * EXPANDING  one transaction of one conversation; then its recipients are told, and it goes to the end of the queue
 *            until its outbox is empty. What is with everybody ends by a transaction of its own, when all have been told. `busy` means that another process is at it.
 */
export function createFanout(parts: {
  pool: Pool;
  publisher: Pick<Publisher, 'deliver' | 'announce' | 'room' | 'settled'>;
  policy: Policy;
  concurrency: number;
  clock: Clock;
  metrics: DeliveryMetrics;
  logger: Logger;
}): Fanout {
  const { pool, publisher, policy, concurrency, clock, metrics, logger } = parts;
  const abort = new AbortController();
  /** In the order of their turn. */
  const waiting = new Set<number>();
  const running = new Set<number>();
  /** How far this process has brought the oldest messages of a conversation, and told so. */
  const reachedBy = new Map<number, number>();
  const workers: Promise<void>[] = [];
  let wakeWorkers: (() => void)[] = [];
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  function add(conversations: readonly number[]): void {
    for (const conversation of conversations) waiting.add(conversation);
    if (waiting.size === 0) return;
    for (const wakeWorker of wakeWorkers) wakeWorker();
    wakeWorkers = [];
  }

  async function look(): Promise<void> {
    const { conversations, jobs } = await findWaiting(pool);
    metrics.fanoutWaiting.set(jobs);
    add(conversations.filter((conversation) => !running.has(conversation)));
  }

  async function work(): Promise<void> {
    const backoff = createBackoff({ baseMs: 50, capMs: 2_000 });
    while (!abort.signal.aborted) {
      const conversation = [...waiting].find((candidate) => !running.has(candidate));
      if (conversation === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wakeWorkers.push(resolve);
        await promise;
        continue;
      }
      waiting.delete(conversation);
      running.add(conversation);
      const startedAtMs = performance.now();
      try {
        const messages = await turn(conversation);
        backoff.reset();
        // what two people say to each other is not to wait behind a thousand members
        const share = messages >= HURRY_FROM_MESSAGES ? HURRIED_REST_SHARE : REST_SHARE;
        await sleep(share * (performance.now() - startedAtMs), abort.signal);
      } catch (err) {
        const level = classify(err) === 'retryable' ? 'warn' : 'error';
        logger[level]({ err }, 'fan-out failed; it goes on from where it stands');
        waiting.add(conversation);
        await backoff.wait(abort.signal);
      } finally {
        running.delete(conversation);
      }
    }
  }

  /** Resolves with how many messages went together. */
  async function turn(conversation: number): Promise<number> {
    await publisher.room();
    const known = reachedBy.get(conversation);
    reachedBy.delete(conversation);
    // its jobs end with this turn: nobody would announce what is not told by then
    if (known === EVERYBODY) await publisher.settled();
    const { outcome, deliveries, untold, reached } = await withTransaction(pool, (client) =>
      expand(client, conversation, { known, policy, nowMs: clock.now() }),
    );
    if (reached !== undefined) reachedBy.set(conversation, reached);
    if (deliveries.length > 0) {
      metrics.fannedOut(deliveries.reduce((sum, { recipients }) => sum + recipients.length, 0));
      publisher.deliver(deliveries);
    }
    if (untold.length > 0) publisher.announce(untold);
    if (outcome === 'more') waiting.add(conversation);
    if (outcome === 'done' && (await isSmall(conversation))) {
      await withTransaction(pool, (client) => backToInline(client, conversation, policy));
    }
    return deliveries.length;
  }

  /** Without a lock: whether it is worth taking it. */
  async function isSmall(conversation: number): Promise<boolean> {
    const found = await pool.query<{ devices: number }>(
      `SELECT count(*) AS devices FROM (SELECT FROM delivery.conv_devices
        WHERE conv_id = $1 AND left_seq IS NULL LIMIT $2 + 1) d`,
      [conversation, policy.maxInlineDevices],
    );
    return (found.rows[0]?.devices ?? 0) <= policy.maxInlineDevices;
  }

  return {
    start() {
      for (let count = 0; count < concurrency; count += 1) workers.push(work());
      timer = setInterval(() => {
        looking ??= look()
          .catch((err: unknown) => logger.warn({ err }, 'outbox not looked into; trying again'))
          .finally(() => {
            looking = undefined;
          });
      }, LOOK_EVERY_MS);
    },
    wake: add,
    async stop() {
      abort.abort();
      clearInterval(timer);
      for (const wakeWorker of wakeWorkers) wakeWorker();
      await Promise.all([...workers, looking]);
    },
  };
}
