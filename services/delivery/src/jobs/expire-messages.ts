import type { Job } from '@securechat/kernel';
import { expireMessages } from '../store/retention.ts';
import type { JobParts } from './index.ts';

const AT_A_TIME = 200;

/** Pages and pushes omit expired messages immediately; this removes them from the tables soon after. */
export function expireMessagesJob({ pool, now, metrics }: JobParts): Job {
  return {
    everyMs: 60_000,
    deadlineMs: 50_000,
    async run(signal) {
      const nowMs = await now();
      for (let isMore = true; isMore && !signal.aborted; ) {
        const expired = await expireMessages(pool, nowMs, AT_A_TIME);
        metrics.expired.inc(expired.emptied);
        isMore = expired.isMore;
      }
    },
  };
}
