// A service with a job that never ends, started as a process by jobs.it.test.ts.
import { createJobRunner } from '../jobs.ts';
import { runService } from '../service.ts';

await runService('jobs-example', async ({ env, clock, logger, metrics }) => {
  const hung = {
    everyMs: 60_000,
    deadlineMs: 60_000,
    run: () => {
      logger.info('hanging');
      return new Promise<never>(() => {});
    },
  };
  const parts = { redisUrl: env.REDIS_URL ?? '', prefix: 'example', service: 'example' };
  const runner = createJobRunner({ ...parts, jobs: { hung }, clock, logger, metrics });
  return {
    start: async () => runner.start(),
    stop: () => runner.stop(),
  };
});
