import type { Job } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { PushMetrics } from '../metrics.ts';
import type { DueQueue } from '../queue.ts';
import { countSubscriptions, removeRevoked } from '../store/subscriptions.ts';
import { findDue, noteWaiting, type Timing } from '../store/wakes.ts';

type Parts = {
  pool: Pool;
  queue: Pick<DueQueue<number>, 'add'>;
  timing: Timing;
  lookEveryMs: number;
  metrics: PushMetrics;
};

/** Finds devices in Postgres that have not fetched what waits, and queues their wakes. The message path is not involved. */
export function lookJob({ pool, queue, timing, lookEveryMs, metrics }: Parts): Job {
  return {
    everyMs: lookEveryMs,
    deadlineMs: 30_000,
    async run() {
      const revoked = await removeRevoked(pool);
      if (revoked > 0) metrics.dropped('revoked', revoked);
      await noteWaiting(pool);
      const { ids, oldestMs } = await findDue(pool, timing);
      metrics.due.set(ids.length);
      metrics.oldestDue.set(oldestMs / 1000);
      metrics.subscriptions.set(await countSubscriptions(pool));
      await queue.add(ids);
    },
  };
}
