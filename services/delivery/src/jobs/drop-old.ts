import type { Job } from '@securechat/kernel';
import { daysAt } from '../rules/days.ts';
import { forgetPointers, forgetUnpartitioned, retirePartition } from '../store/retention.ts';
import type { JobParts } from './index.ts';

const AT_A_TIME = 5000;
/**
 * Rows moved under an exclusive table lock, which takes about 0.1 s. A day with more rows still waiting keeps its
 * partition.
 */
const MAX_MOVED = 2000;

/**
 * Drops what is older than the retention, and retires the partitions of days whose ids no longer need to be
 * remembered. Pointers go first, so that none is left without its message; partitions last, since someone else's long
 * transaction can block retiring them.
 */
export function dropOld({ pool, now, retentionDays, metrics }: JobParts): Job {
  return {
    everyMs: 60 * 60 * 1000,
    deadlineMs: 10 * 60 * 1000,
    async run(signal) {
      const days = daysAt(await now(), retentionDays);
      for (let gone = AT_A_TIME; gone === AT_A_TIME && !signal.aborted; ) {
        gone = await forgetPointers(pool, days.keepFrom, AT_A_TIME);
        metrics.pointersForgotten.inc(gone);
      }
      for (let gone = AT_A_TIME; gone === AT_A_TIME && !signal.aborted; ) {
        gone = await forgetUnpartitioned(pool, days, AT_A_TIME);
      }
      while (!signal.aborted && (await retirePartition(pool, days, MAX_MOVED)))
        metrics.partitionsRetired.inc();
    },
  };
}
