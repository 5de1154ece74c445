import type { Job } from '@securechat/kernel';
import { dayOf } from '../rules/days.ts';
import type { JobParts } from './index.ts';

/**
 * Survives a week of outage before messages fall into the default partition, where they are equally safe but in the
 * way.
 */
const DAYS_AHEAD = 7;

/** Creates the partitions of `messages` for the coming days. */
export function makePartitions({ pool, now }: JobParts): Job {
  return {
    everyMs: 60 * 60 * 1000,
    deadlineMs: 30_000,
    async run() {
      const today = dayOf(await now());
      await pool.query('SELECT delivery.ensure_partitions($1, $2)', [DAYS_AHEAD, today]);
    },
  };
}
