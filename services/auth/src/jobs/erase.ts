import type { Job, Logger, RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { erase } from '../erasure/erase.ts';
import { findDueErasures } from '../store/erasure-store.ts';

/** Every ten seconds, in one process: new erasures, and work left from earlier runs. */
export function eraseJob(parts: {
  pool: Pool;
  redis: RedisClient;
  streams: StreamNames;
  logger: Logger;
  graceMs: number;
}): Job {
  const { pool, logger, graceMs } = parts;
  return {
    everyMs: 10_000,
    deadlineMs: 10 * 60_000,
    async run(signal) {
      let failed = 0;
      for (const id of await findDueErasures(pool, graceMs)) {
        if (signal.aborted) return;
        try {
          if (await erase({ ...parts, signal }, id)) logger.info({ erasure: id }, 'a user was erased');
        } catch (err) {
          // one user's failure must not hold up the others
          failed++;
          logger.warn({ err, erasure: id }, 'an erasure failed; it will resume where it stopped');
        }
      }
      if (failed > 0) throw new Error(`${failed} erasures failed`);
    },
  };
}
