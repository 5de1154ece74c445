import type { Job } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { PushMetrics } from '../metrics.ts';
import type { DueQueue } from '../queue.ts';
import { findDueEvents } from '../store/webhook-events.ts';

/** Finds the webhook deliveries that are due in Postgres, and queues them. */
export function lookForEventsJob(parts: {
  pool: Pool;
  queue: Pick<DueQueue<string>, 'add'>;
  lookEveryMs: number;
  metrics: PushMetrics;
}): Job {
  const { pool, queue, lookEveryMs, metrics } = parts;
  return {
    everyMs: lookEveryMs,
    deadlineMs: 30_000,
    async run() {
      const { ids, oldestMs, dead } = await findDueEvents(pool);
      metrics.eventsDue.set(ids.length);
      metrics.oldestEvent.set(oldestMs / 1000);
      metrics.eventsDead.set(dead);
      await queue.add(ids);
    },
  };
}
