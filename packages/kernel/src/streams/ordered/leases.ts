import type { Pool } from 'pg';
import type { Logger } from '../../logger.ts';
import { createBusy } from './busy.ts';
import { sharesOf } from './shares.ts';

/** A worker that has not renewed for this long counts as dead; its partitions are free. */
const LEASE_MS = 3000;
const RENEW_EVERY_MS = 1000;
/**
 * A lease that ends later than this predates a setback of Postgres' clock: a live worker writes a new one within a
 * second.
 */
const MOST_AHEAD_MS = 2 * LEASE_MS;
const FORGET_WORKERS_AFTER = '1 hour';

type Claim = { stream: string; fence: number; lastId: string; lastBatch: number[] };

export type Leases = {
  /** Creates the cursor rows, takes the first lease and renews it until `stop`. */
  start(): Promise<void>;
  /**
   * One round of balancing: releases partitions beyond this worker's share (`owned`, with fences) and claims free
   * ones up to it. `released` also names those that another worker has taken over meanwhile. Ownership is only for
   * efficiency; safety comes from the fence in each transaction.
   */
  balance(owned: ReadonlyMap<string, number>): Promise<{ claimed: Claim[]; released: string[] }>;
  /** Gives up everything, so that another worker need not wait for the lease to expire. */
  stop(): Promise<void>;
};

/** The part of a worker id before its lane, as `split_part` finds it. */
const processOf = (worker: string): string | undefined => worker.split('/')[0];

/**
 * Leases on the partitions `streams` for worker `worker`, kept in `schema`. Only Postgres' clock counts. A process
 * may have a worker in each of several lanes, named `<process>/<lane>`; a lane's streams are shared among its own
 * workers only.
 */
export function createLeases(options: {
  pool: Pool;
  schema: string;
  streams: readonly string[];
  worker: string;
  /** As in `sharesOf`. */
  spreadAbove: number;
  /**
   * Whether it can read its streams. While it cannot, its lease is not renewed and it claims nothing, so that a
   * worker that can read may take over; partitions that nobody takes stay where they are.
   */
  canRead(): boolean;
  logger: Logger;
}): Leases {
  const { pool, schema, streams, worker, spreadAbove, canRead, logger } = options;
  const busy = createBusy();
  const lives = `lease_until > clock_timestamp() AND lease_until < clock_timestamp() + interval '${MOST_AHEAD_MS} ms'`;
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> = Promise.resolve();

  async function renew(): Promise<void> {
    await pool.query(
      `INSERT INTO ${schema}.stream_workers AS w (id, lease_until, busy)
       VALUES ($1, clock_timestamp() + $2 * interval '1 ms', $3)
       ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until, busy = excluded.busy`,
      [worker, LEASE_MS, busy()],
    );
  }

  async function look(
    owned: ReadonlyMap<string, number>,
  ): Promise<{ kept: string[]; lost: string[]; free: string[]; share: number }> {
    const [owners, workers] = await Promise.all([
      pool.query<{ stream: string; fence: number; owner: string | null }>(
        `SELECT stream, fence, owner FROM ${schema}.stream_cursors`,
      ),
      // One of the previous release does not report its load, and gives up no more than what exceeds an even share.
      pool.query<{ id: string; busy: number }>(
        `SELECT id, coalesce(busy, 1) AS busy FROM ${schema}.stream_workers
          WHERE (${lives} OR id = $1) AND split_part(id, '/', 2) = split_part($1, '/', 2)`,
        [worker],
      ),
    ]);
    const rows = new Map(owners.rows.map((row) => [row.stream, row]));
    const living = new Set(workers.rows.map(({ id }) => id));
    // A row with our own name that we do not know of: we claimed it and never got the answer.
    const isFree = (owner: string | null) => owner === null || owner === worker || !living.has(owner);
    // In the order of `streams`, so that workers do not end up with one kind of stream each.
    const held = streams.filter((stream) => owned.has(stream));
    const kept = held.filter((stream) => Number(rows.get(stream)?.fence) === owned.get(stream));
    const counts = workers.rows.map(({ id, busy }) => ({
      ...{ id, busy },
      owned: owners.rows.filter(({ owner }) => owner === id).length,
      ownedByProcess: owners.rows.filter(({ owner }) => owner && processOf(owner) === processOf(id)).length,
    }));
    const shares = sharesOf(counts, { partitions: streams.length, spreadAbove });
    return {
      kept,
      lost: held.filter((stream) => !kept.includes(stream)),
      free: streams.filter((stream) => isFree(rows.get(stream)?.owner ?? null) && !kept.includes(stream)),
      share: shares.get(worker) ?? 0,
    };
  }

  /** SKIP LOCKED: a row held by another transaction is retried next time instead of waited for. */
  async function claim(candidates: string[]): Promise<Claim[]> {
    if (candidates.length === 0) return [];
    const claimed = await pool.query<{
      stream: string;
      fence: number;
      last_id: string;
      last_batch: number[];
    }>(
      `UPDATE ${schema}.stream_cursors c SET owner = $2, fence = c.fence + 1
        WHERE c.stream IN (
                SELECT f.stream FROM ${schema}.stream_cursors f
                 WHERE f.stream = ANY($1)
                   AND NOT EXISTS (SELECT 1 FROM ${schema}.stream_workers w
                                    WHERE w.id = f.owner AND w.id <> $2 AND ${lives})
                   FOR UPDATE OF f SKIP LOCKED)
        RETURNING stream, fence, last_id, last_batch`,
      [candidates, worker],
    );
    return claimed.rows.map((row) => ({
      stream: row.stream,
      fence: Number(row.fence),
      lastId: row.last_id,
      lastBatch: row.last_batch.map(Number),
    }));
  }

  async function release(given: readonly string[]): Promise<void> {
    if (given.length === 0) return;
    await pool.query(
      `UPDATE ${schema}.stream_cursors SET owner = NULL WHERE owner = $1 AND stream = ANY($2)`,
      [worker, given],
    );
  }

  return {
    async start() {
      await pool.query(
        `INSERT INTO ${schema}.stream_cursors (stream) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`,
        [streams],
      );
      await pool.query(
        `DELETE FROM ${schema}.stream_workers WHERE lease_until < clock_timestamp() - interval '${FORGET_WORKERS_AFTER}'`,
      );
      await renew();
      timer = setInterval(() => {
        if (!canRead()) return;
        renewing = renew().catch((err: unknown) => logger.warn({ err }, 'lease not renewed'));
      }, RENEW_EVERY_MS);
    },

    async balance(owned) {
      const { kept, lost, free, share } = await look(owned);
      const beyond = kept.slice(share);
      await release(beyond);
      const wanted = canRead() ? Math.max(0, share - kept.length) : 0;
      const claimed = await claim(free.slice(0, wanted));
      return { claimed, released: [...lost, ...beyond] };
    },

    async stop() {
      clearInterval(timer);
      // on another connection of the pool: it might restore what is deleted here
      await renewing;
      await release(streams);
      await pool.query(`DELETE FROM ${schema}.stream_workers WHERE id = $1`, [worker]);
    },
  };
}
