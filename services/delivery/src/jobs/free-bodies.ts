import type { Job } from '@securechat/kernel';
import { freeBodies, type Place, START } from '../store/retention.ts';
import type { JobParts } from './index.ts';

const AT_A_TIME = 1000;

/** Empties messages that every device has acknowledged: well within the hour that is promised. */
export function freeBodiesJob({ pool, metrics }: JobParts): Job {
  return {
    everyMs: 15 * 60 * 1000,
    deadlineMs: 14 * 60 * 1000,
    async run(signal) {
      let place: Place | undefined = START;
      while (place && !signal.aborted) {
        const { freed, next } = await freeBodies(pool, place, AT_A_TIME);
        metrics.bodiesFreed.inc(freed);
        place = next;
      }
    },
  };
}
