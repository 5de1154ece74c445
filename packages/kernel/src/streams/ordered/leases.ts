import type { Pool } from 'pg';
import type { Logger } from '../../logger.ts';

/** A worker that has not renewed for this long is taken for dead; its partitions are free. */
const LEASE_MS = 3000;
const RENEW_EVERY_MS = 1000;
const FORGET_WORKERS_AFTER = '1 hour';

type Claim = { stream: string; fence: number; lastId: string; lastBatch: number[] };

export type Leases = {
  /** Makes the cursor rows, takes the first lease and renews it until `stop`. */
  start(): Promise<void>;
  /**
   * One look at who owns what: gives up partitions beyond a fair share (of those in `owned`, by fence), claims free
   * ones up to it. `released` also names those that another worker has taken over meanwhile. Ownership is only a
   * matter of efficiency; safety is the fence in each transaction.
   */
  balance(owned: ReadonlyMap<string, number>): Promise<{ claimed: Claim[]; released: string[] }>;
  /** Gives up everything, so that another worker need not wait for the lease to end. */
  stop(): Promise<void>;
};

/**
 * Leases of the partitions `streams` for worker `worker`, kept in `schema`. Only the clock of Postgres counts. A process may have
 * a worker in each of several lanes, named `<process>/<lane>`; the streams of a lane are shared among the workers of it alone.
 */
export function createLeases(options: {
  pool: Pool;
  schema: string;
  streams: readonly string[];
  worker: string;
  logger: Logger;
}): Leases {
  const { pool, schema, streams, worker, logger } = options;
  let timer: NodeJS.Timeout | undefined;

  async function renew(): Promise<void> {
    await pool.query(
      `INSERT INTO ${schema}.stream_workers AS w (id, lease_until)
       VALUES ($1, clock_timestamp() + $2 * interval '1 ms')
       ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
      [worker, LEASE_MS],
    );
  }

  async function look(
    owned: ReadonlyMap<string, number>,
  ): Promise<{ kept: string[]; lost: string[]; free: string[]; workers: number }> {
    const owners = await pool.query<{ stream: string; fence: number; is_free: boolean; workers: number }>(
      // A row with our own name that we do not know of: we claimed it and never got the answer.
      `SELECT c.stream, c.fence, (w.id IS NULL OR w.id = $2) AS is_free,
              (SELECT count(*)::int FROM ${schema}.stream_workers
                WHERE lease_until > clock_timestamp() AND split_part(id, '/', 2) = split_part($2, '/', 2)) AS workers
         FROM ${schema}.stream_cursors c
         LEFT JOIN ${schema}.stream_workers w ON w.id = c.owner AND w.lease_until > clock_timestamp()
        WHERE c.stream = ANY($1)`,
      [streams, worker],
    );
    const rows = new Map(owners.rows.map((row) => [row.stream, row]));
    // In the order of `streams`, so that workers do not end up with one kind of stream each.
    const held = streams.filter((stream) => owned.has(stream));
    const kept = held.filter((stream) => Number(rows.get(stream)?.fence) === owned.get(stream));
    return {
      kept,
      lost: held.filter((stream) => !kept.includes(stream)),
      free: streams.filter((stream) => rows.get(stream)?.is_free && !kept.includes(stream)),
      workers: Math.max(1, owners.rows[0]?.workers ?? 1),
    };
  }

  /** SKIP LOCKED: a row that some transaction holds is looked at again in a moment instead of waited for. */
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
                                    WHERE w.id = f.owner AND w.id <> $2 AND w.lease_until > clock_timestamp())
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
        renew().catch((err: unknown) => logger.warn({ err }, 'lease not renewed'));
      }, RENEW_EVERY_MS);
    },

    async balance(owned) {
      const { kept, lost, free, workers } = await look(owned);
      const share = Math.ceil(streams.length / workers);
      const beyond = kept.slice(share);
      await release(beyond);
      const wanted = Math.max(0, share - kept.length);
      const claimed = await claim(free.slice(0, wanted));
      return { claimed, released: [...lost, ...beyond] };
    },

    async stop() {
      clearInterval(timer);
      await release(streams);
      await pool.query(`DELETE FROM ${schema}.stream_workers WHERE id = $1`, [worker]);
    },
  };
}
