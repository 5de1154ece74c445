import type { Logger } from '@securechat/kernel';
import type { Pool } from 'pg';

const EVERY_MS = 60 * 60 * 1000;
/** A week of outage before messages fall into the default partition, where they are as safe but in the way. */
const DAYS_AHEAD = 7;

/** Makes the coming days' partitions of `messages` at start and every hour. Any number of processes may do so. */
export function startPartitionMaker(pool: Pool, logger: Logger): { stop(): void } {
  const make = (): void => {
    pool
      .query('SELECT delivery.ensure_partitions($1)', [DAYS_AHEAD])
      .catch((err: unknown) =>
        logger.error({ err }, 'partitions for the coming days not made; tried again in an hour'),
      );
  };
  make();
  const timer = setInterval(make, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
