import type { RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';

/** A queue, how many entries wait in it, and the age of the oldest. */
export type Queue = { name: string; waiting: number; oldestSeconds: number | undefined };

/**
 * What waits in the ordered streams, which are trimmed as soon as their entries are stored, and in the tables.
 * Request streams are left out, because they also retain answered requests.
 */
export async function lookAtQueues(parts: {
  redis: RedisClient;
  pool: Pool;
  streams: Pick<StreamNames, 'ordered' | 'acks'>;
}): Promise<Queue[]> {
  const { redis, pool, streams } = parts;
  const inStreams = await Promise.all(
    [...streams.ordered, ...streams.acks].map(async (name): Promise<Queue> => {
      const [waiting, first, [seconds]] = await Promise.all([
        redis.xlen(name),
        redis.xrange(name, '-', '+', 'COUNT', 1),
        redis.time(),
      ]);
      const [oldest] = first;
      const bornMs = oldest && Number.parseInt(oldest[0], 10);
      const oldestSeconds = bornMs === undefined ? undefined : Math.max(0, Number(seconds) - bornMs / 1000);
      return { name, waiting, oldestSeconds };
    }),
  );
  const { rows } = await pool.query<Queue>(
    `SELECT 'fan-out of large groups' AS name, count(*)::int AS waiting,
            (SELECT extract(epoch FROM now())::float8 - min(m.server_ts_ms) / 1000.0::float8 FROM delivery.fanout_jobs j
               JOIN delivery.messages m USING (day, conv_id, conv_seq)) AS "oldestSeconds"
       FROM delivery.fanout_jobs
     UNION ALL
     SELECT 'mailboxes of devices', count(*)::int,
            (SELECT extract(epoch FROM now())::float8 - extract(epoch FROM min(day)::timestamp)::float8 FROM delivery.mailbox)
       FROM delivery.mailbox`,
  );
  return [...inStreams, ...rows.map((row) => ({ ...row, oldestSeconds: row.oldestSeconds ?? undefined }))];
}

export function tellQueues(queues: readonly Queue[]): string[] {
  const width = Math.max(...queues.map(({ name }) => name.length));
  const lines = queues.map(
    ({ name, waiting, oldestSeconds }) =>
      `${name.padEnd(width)}  ${String(waiting).padStart(9)}  ${oldestSeconds === undefined ? '' : age(oldestSeconds)}`,
  );
  return [`${'queue'.padEnd(width)}    waiting  oldest`, ...lines.map((line) => line.trimEnd())];
}

function age(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
