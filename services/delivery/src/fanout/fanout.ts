import {
  type Clock,
  classify,
  createLoop,
  type Logger,
  type Loop,
  repeatEvery,
  sleep,
  withTransaction,
} from '@securechat/kernel';
import type { Pool } from 'pg';
import type { DeliveryMetrics } from '../metrics.ts';
import type { Publisher } from '../publisher.ts';
import type { Policy } from '../rules/policy.ts';
import { backToInline, findWaiting } from '../store/outbox.ts';
import { EVERYBODY, expand } from './expand.ts';

/** How soon work is found that a process died on, or was woken for and did not do. */
const LOOK_EVERY_MS = 250;
/**
 * Rest after a turn, as a multiple of the turn's duration. A worker is busy 20% of the time, which leaves the machine
 * to the deliveries and acks of a thousand members in between; 50% once messages of the conversation queue up.
 */
const REST_SHARE = 4;
const HURRIED_REST_SHARE = 1;
const HURRY_FROM_MESSAGES = 4;

export type Fanout = {
  start(): void;
  /** These conversations have outbox entries: do not wait for the next poll. */
  wake(conversations: readonly number[]): void;
  stop(): Promise<void>;
};

/**
 * Delivers messages of large conversations from the outbox, off the normal message path: on its own connections, a
 * bounded number of conversations at a time, in turn and in bounded steps. Any process may do any step at any time;
 * progress is kept in Postgres.
 *
 * WAITING    no known work; left by the poll every 250 ms, or when this process stores a message.
 * EXPANDING  one transaction of one conversation; then its recipients are told, and it goes to the end of the queue until
 *            its outbox is empty. Jobs that have reached every device are deleted in a transaction of their own, once all
 *            recipients have been told. `busy` means another process is working on the conversation.
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
  /** In the order of their turns. */
  const waiting = new Set<number>();
  const running = new Set<number>();
  /** Per conversation, how far this process has brought the oldest messages and told their recipients. */
  const reachedBy = new Map<number, number>();
  const workers = Array.from({ length: concurrency }, createWorker);
  let wakeWorkers: (() => void)[] = [];
  let looking: { stop(): Promise<void> } | undefined;

  function add(conversations: readonly number[]): void {
    for (const conversation of conversations) waiting.add(conversation);
    if (waiting.size > 0) wakeAll();
  }

  async function look(): Promise<void> {
    const { conversations, jobs } = await findWaiting(pool);
    metrics.fanoutWaiting.set(jobs);
    add(conversations.filter((conversation) => !running.has(conversation)));
  }

  function createWorker(): Loop {
    let mine: number | undefined;

    async function step(signal: AbortSignal): Promise<void> {
      // not sooner: during the rest, and the pause after a failure, no other worker takes it either
      if (mine !== undefined) running.delete(mine);
      mine = [...waiting].find((candidate) => !running.has(candidate));
      if (mine === undefined) return await untilWoken();
      waiting.delete(mine);
      running.add(mine);
      const startedAtMs = performance.now();
      const messages = await turn(mine);
      // a conversation of two must not wait behind a thousand members
      const share = messages >= HURRY_FROM_MESSAGES ? HURRIED_REST_SHARE : REST_SHARE;
      await sleep(share * (performance.now() - startedAtMs), signal);
    }

    function onFailure(err: unknown): void {
      const level = classify(err) === 'retryable' ? 'warn' : 'error';
      logger[level]({ err }, 'fan-out failed; will resume from its last committed step');
      if (mine !== undefined) waiting.add(mine);
    }

    return createLoop({ step, onFailure, longestPauseMs: 2_000 });
  }

  function untilWoken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    wakeWorkers.push(resolve);
    return promise;
  }

  function wakeAll(): void {
    for (const wakeWorker of wakeWorkers) wakeWorker();
    wakeWorkers = [];
  }

  /** Resolves with how many messages were expanded together. */
  async function turn(conversation: number): Promise<number> {
    await publisher.room();
    const known = reachedBy.get(conversation);
    reachedBy.delete(conversation);
    // this turn deletes the jobs: pushes still unsent then would never be announced
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

  /** Without a lock: only tells whether taking it is worthwhile. */
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
      for (const worker of workers) worker.start();
      looking = repeatEvery(LOOK_EVERY_MS, look, (err) =>
        logger.warn({ err }, 'outbox poll failed; trying again'),
      );
    },
    wake: add,
    async stop() {
      const stopped = workers.map((worker) => worker.stop());
      wakeAll();
      await Promise.all([...stopped, looking?.stop()]);
    },
  };
}
