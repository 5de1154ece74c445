import type { Job } from '@securechat/kernel';
import { daysAt } from '../rules/days.ts';
import { forgetPointers, forgetUnpartitioned, retirePartition } from '../store/retention.ts';
import type { JobParts } from './index.ts';

const AT_A_TIME = 5000;
/** Moved while nobody can use the table: a tenth of a second. A day for which more wait stays where it is. */
const MAX_MOVED = 2000;

/**
 * Drops what is older than the retention, and ends the partitions of days whose ids need not be remembered any more.
 * Pointers go first, so that none is left without its message; partitions last, since a long transaction of somebody
 * else can keep them from being ended.
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
