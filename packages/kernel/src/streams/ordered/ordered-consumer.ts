import type { Client, Pool } from 'pg';
import { type Clock, sleep } from '../../clock.ts';
import { classify } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { createLoop } from '../../loop.ts';
import type { Metrics } from '../../metrics.ts';
import { type ConnectionOptions, isQueryTimeout, openDedicatedClient } from '../../postgres.ts';
import { FIRST_ENTRY_ID } from './entry-id.ts';
import type { OrderedHandler } from './handler.ts';
import { createLeases } from './leases.ts';
import { orderedMetrics } from './metrics.ts';
import { createStreamReader } from './reader.ts';
import type { StreamEntry } from './slot-reader.ts';
import { type Batch, runBatch } from './transaction.ts';

/** Balancing interval. Half a second, so that a takeover takes less than four. */
const BALANCE_EVERY_MS = 500;
/** Records per transaction: enough to share a commit, few enough to keep locks and latency short. */
const MAX_RECORDS = 1000;
/** A smaller batch costs hardly less: most of it is round trips and wake-ups. */
const MANY_RECORDS = 200;
const MOST_REST_MS = 20;
/** No entry id is greater. */
const BEHIND_ALL = '18446744073709551615-18446744073709551615';

export type OrderedConsumerOptions<R> = {
  redisUrl: string;
  postgresUrl: string;
  pool: Pool;
  schema: string;
  streams: readonly string[];
  /** This process. */
  worker: string;
  /** Distinguishes it from other consumers of the process: in its leases, its metrics and its connection names. */
  lane: string;
  /** Event-loop utilization of the workers, 0 to 1, above which another takes part of the streams; 0: all of them do. */
  spreadAbove: number;
  /** Minimum ms between reads: records that nobody waits for are cheaper in large batches. */
  everyMs?: number;
  handler: OrderedHandler<R>;
  /** Session settings for the connection of the batches, e.g. `enable_seqscan`. */
  settings?: ConnectionOptions['settings'];
  /**
   * The entry at a stream's cursor in Postgres, so that it and all before it can be trimmed: after each commit, and
   * for a claimed partition, whose former owner may have died before trimming.
   */
  onCommitted(stream: string, lastId: string): void;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
};

export type OrderedConsumer = {
  /** Resolves at once; Postgres and Redis may be down, and are waited for. */
  start(): Promise<void>;
  /** Finishes the running batch and gives up all partitions. */
  stop(): Promise<void>;
};

/**
 * Consumes partitioned streams in order, with exactly-once effect. One loop, one transaction at a time:
 *
 * BALANCING  (every 500 ms) partitions are claimed and released; a claimed one brings its cursor, its fence and
 *            the last batch of its former owner, which is announced again.
 * STANDING BY without a partition; still checks whether Redis can be read.
 * READING    all owned partitions from their cursors; nothing is acknowledged to Redis. While Redis is down, there is
 *            nothing to read.
 * COMMITTING one Postgres transaction: fences, data, dead letters, cursors. While it runs, entries accumulate in
 *            Redis, so batches grow with the load.
 * RESTING    after a small batch for as long as it took, at most 20 ms: what arrives meanwhile shares the next one.
 *            The first record after a silence does not wait.
 * PUBLISHING after COMMIT, never before.
 *
 * Any Postgres error leads, after a growing pause, back to READING from the cursor that Postgres holds. That cursor
 * also resolves a COMMIT without an answer: if it moved, the batch is announced; if not, it is read again. After one
 * that ran out of time the next has half as many records at most, and grows again with each that succeeds: one that is
 * too much for the deadlines of Postgres would fail for ever.
 */
export function createOrderedConsumer<R>(options: OrderedConsumerOptions<R>): OrderedConsumer {
  const { pool, schema, handler, logger, clock } = options;
  const { lane, streams, spreadAbove, everyMs = 0 } = options;
  const worker = `${options.worker}/${lane}`;
  const metrics = orderedMetrics(options.metrics, lane);
  const reader = createStreamReader({
    redisUrl: options.redisUrl,
    name: worker,
    logger,
    onFailure: (kind) => metrics.failed(kind),
  });
  const leases = createLeases({
    ...{ pool, schema, streams, worker, spreadAbove, logger },
    canRead: () => !reader.isFailing(),
  });
  const loop = createLoop({ step, onFailure, longestPauseMs: 2000 });
  const fences = new Map<string, number>();
  /** Read positions. */
  const positions = new Map<string, string>();
  /** The cursors in Postgres: they differ from the read position when a stream was recreated. */
  const committed = new Map<string, string>();
  let backlog: StreamEntry[] = [];
  /** Records in the next batch at most. */
  let most = MAX_RECORDS;
  let client: Client | undefined;
  let hasLease = false;
  let mustRecover = false;
  let balancedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  let restUntil = Number.NEGATIVE_INFINITY;

  async function step(signal: AbortSignal): Promise<void> {
    if (!hasLease) await leases.start();
    hasLease = true;
    if (mustRecover) await recover();
    await balanceWhenDue();
    if (positions.size === 0) return await standBy(signal);
    if (backlog.length === 0) await read(signal);
    if (backlog.length === 0) return;
    await handler.room?.();
    await commitBatch(takeBatch());
  }

  function onFailure(err: unknown): void {
    const kind = classify(err);
    if (kind === 'retryable') logger.warn({ err }, 'batch will be tried again');
    else logger.error({ err }, 'batch failed for no known reason; it will be tried again');
    metrics.failed(kind);
    mustRecover = true;
    backlog = [];
  }

  async function balanceWhenDue(): Promise<void> {
    if (clock.monotonicMs() - balancedAt < BALANCE_EVERY_MS) return;
    balancedAt = clock.monotonicMs();
    const { claimed, released } = await leases.balance(fences);
    for (const stream of released) forget(stream);
    for (const claim of claimed) {
      fences.set(claim.stream, claim.fence);
      place(claim.stream, claim.lastId);
      metrics.takenOver();
      if (claim.lastBatch.length > 0) handler.announce(claim.lastBatch);
    }
    metrics.owns(fences.size);
    if (claimed.length + released.length > 0) {
      logger.info({ claimed: claimed.map((claim) => claim.stream), released }, 'partitions changed');
    }
  }

  /**
   * Reads as the owner of a partition would, so that it claims none while it could not. What arrives belongs to its
   * owner.
   */
  async function standBy(signal: AbortSignal): Promise<void> {
    await reader.read([{ stream: streams[0] as string, lastId: BEHIND_ALL }]);
    await sleep(BALANCE_EVERY_MS, signal);
  }

  /** A cursor ahead of a recreated stream would wait for ever; reading it from the start is harmless. */
  async function read(signal: AbortSignal): Promise<void> {
    const early = Math.max(readAt + everyMs, restUntil) - clock.monotonicMs();
    if (early > 0) await sleep(early, signal);
    readAt = clock.monotonicMs();
    const { entries, reborn } = await reader.read(
      [...positions].map(([stream, lastId]) => ({ stream, lastId })),
    );
    for (const stream of reborn) {
      logger.warn({ stream }, 'stream began anew; reading it from its start');
      positions.set(stream, FIRST_ENTRY_ID);
    }
    backlog = entries;
  }

  /** As many whole entries as fit; the rest stays in the backlog, in order. */
  function takeBatch(): Batch<R> {
    const batch: Batch<R> = { records: [], unreadable: [], from: committed, cursors: new Map() };
    let taken = 0;
    for (const entry of backlog) {
      if (batch.records.length >= most) break;
      taken++;
      batch.cursors.set(entry.stream, entry.id);
      try {
        const values = handler.decode(entry.body);
        for (const value of values) batch.records.push({ stream: entry.stream, entryId: entry.id, value });
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unreadable';
        batch.unreadable.push({ stream: entry.stream, entryId: entry.id, reason, payload: entry.body });
      }
    }
    backlog = backlog.slice(taken);
    return batch;
  }

  async function commitBatch(batch: Batch<R>): Promise<void> {
    const endTimer = metrics.batchTimer();
    const begunAt = clock.monotonicMs();
    client ??= await openClient();
    const outcome = await runBatch(client, schema, batch, fences, handler).catch((err: unknown) => {
      if (isQueryTimeout(err)) expectLess(batch.records.length);
      throw err;
    });
    if ('lost' in outcome) {
      logger.warn({ streams: outcome.lost }, 'partitions were taken over by another worker');
      for (const stream of outcome.lost) forget(stream);
      backlog = [];
      return;
    }
    for (const [stream, id] of batch.cursors) place(stream, id);
    for (const part of outcome.processed) part.publish();
    metrics.parked(batch.unreadable.length + outcome.parked);
    endTimer(batch.records.length);
    const endedAt = clock.monotonicMs();
    if (batch.records.length < MANY_RECORDS) restUntil = endedAt + Math.min(endedAt - begunAt, MOST_REST_MS);
    // slowly, because trying again what is too much takes seconds
    most = Math.min(most + Math.ceil(most / 8), MAX_RECORDS);
  }

  function expectLess(records: number): void {
    if (records > 0) most = Math.max(1, Math.floor(Math.min(most, records) / 2));
  }

  /**
   * Starts over from what Postgres holds; what was read is still in Redis. A cursor that is not where we left it
   * means that a COMMIT without an answer did happen: its batch was never published, so it is announced.
   */
  async function recover(): Promise<void> {
    await closeClient();
    const rows = await pool.query<{ stream: string; last_id: string; fence: number; last_batch: number[] }>(
      `SELECT stream, last_id, fence, last_batch FROM ${schema}.stream_cursors WHERE stream = ANY($1)`,
      [[...fences.keys()]],
    );
    for (const row of rows.rows) {
      if (Number(row.fence) !== fences.get(row.stream)) forget(row.stream);
      else {
        if (row.last_id !== committed.get(row.stream)) handler.announce(row.last_batch.map(Number));
        place(row.stream, row.last_id);
      }
    }
    mustRecover = false;
  }

  function place(stream: string, lastId: string): void {
    positions.set(stream, lastId);
    committed.set(stream, lastId);
    if (lastId !== FIRST_ENTRY_ID) options.onCommitted(stream, lastId);
  }

  function forget(stream: string): void {
    fences.delete(stream);
    positions.delete(stream);
    committed.delete(stream);
    backlog = backlog.filter((entry) => entry.stream !== stream);
  }

  function openClient(): Promise<Client> {
    return openDedicatedClient(options.postgresUrl, {
      applicationName: `${schema}-ordered-${lane}`,
      pipeline: true,
      settings: options.settings,
      logger,
    });
  }

  async function closeClient(): Promise<void> {
    const closing = client;
    client = undefined;
    await closing?.end().catch(() => {
      // It is being discarded because it failed; a failed close adds nothing.
    });
  }

  return {
    async start() {
      loop.start();
    },
    async stop() {
      await loop.stop();
      reader.close();
      await closeClient();
      await leases
        .stop()
        .catch((err: unknown) => logger.warn({ err }, 'partitions not given up; their lease ends'));
    },
  };
}
