// A service whose behaviour is set by environment variables, started as a process by service.test.ts.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { defineConfig, readConfig, str } from '../config.ts';
import { runService } from '../service.ts';

await runService('example', async (kit) => {
  const { DRAIN_MS, START, START_MS, AFTER_START, STOP, NEEDS } = kit.env;
  if (NEEDS !== undefined)
    readConfig(defineConfig({ needed: str({ env: NEEDS, doc: 'Something' }) }), kit.env);
  const server = createServer();
  const timer = setInterval(() => {}, 1000);

  return {
    async start() {
      server.listen(0);
      if (START_MS !== undefined) await delay(Number(START_MS));
      if (START === 'throws') throw new Error('no luck today');
      kit.ready.set('warm', true);
      kit.logger.debug('warmed up');
      if (AFTER_START === 'throws') setTimeout(() => Promise.reject(new Error('lost in the background')), 50);
      if (AFTER_START === 'fails') setTimeout(() => kit.fail(new Error('the loop ended')), 50);
    },
    async drain() {
      kit.logger.info('draining');
      await delay(Number(DRAIN_MS ?? 0));
      kit.logger.info('drained');
    },
    async stop() {
      kit.logger.info('stopped');
      clearInterval(timer);
      if (STOP !== 'leaks') server.close();
    },
  };
});
