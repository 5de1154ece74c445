import { type Clock, type Logger, repeatEvery } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { DeliveryMetrics } from '../metrics.ts';
import { daysAt } from '../rules/days.ts';

const EVERY_MS = 60_000;

export type WatchParts = {
  pool: Pool;
  clock: Clock;
  retentionDays: number;
  metrics: Pick<DeliveryMetrics, 'unpartitioned' | 'partitions' | 'oldestWaiting' | 'expiryLag'>;
};

type Row = { unpartitioned: number; partitions: number; oldest: number | null; expired: number | null };

/** Measures what the jobs should have done by now. Every process reports the same figures, whichever ran the jobs. */
export function startRetentionWatch(parts: WatchParts & { logger: Logger }): { stop(): Promise<void> } {
  return repeatEvery(
    EVERY_MS,
    () => lookAtRetention(parts),
    (err) => parts.logger.debug({ err }, 'retention state not readable now'),
  );
}

export async function lookAtRetention({ pool, clock, retentionDays, metrics }: WatchParts): Promise<void> {
  const nowMs = clock.now();
  const found = await pool.query<Row>({
    name: 'watch-retention',
    text: `SELECT (SELECT count(*) FROM (
                     SELECT 1 FROM delivery.messages_default WHERE day >= $1::date LIMIT 10000) d) AS unpartitioned,
                  (SELECT count(*) FROM pg_inherits WHERE inhparent = 'delivery.messages'::regclass) AS partitions,
                  (SELECT extract(epoch FROM min(day))::bigint FROM delivery.mailbox) AS oldest,
                  (SELECT min(expires_at) FROM delivery.messages
                    WHERE expires_at IS NOT NULL AND body IS NOT NULL) AS expired`,
    values: [daysAt(nowMs, retentionDays).idsFrom],
  });
  const row = found.rows[0];
  if (!row) return;
  const secondsSince = (seconds: number | null): number =>
    seconds === null ? 0 : Math.max(0, nowMs / 1000 - seconds);
  metrics.unpartitioned.set(row.unpartitioned);
  metrics.partitions.set(row.partitions);
  metrics.oldestWaiting.set(secondsSince(row.oldest));
  metrics.expiryLag.set(secondsSince(row.expired));
}
