import { expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test kills a Redis of its own
import { freePort } from '@securechat/embedded';
import { Redis } from 'ioredis';
import { BLOCK_MS } from './blocking-reader.ts';
import { sleep } from './clock.ts';
import type { Logger } from './logger.ts';
import { createReadLoop, type ReadLoop, type ReadLoopParts } from './read-loop.ts';
import { endedAfterEach } from './testing/own-redis.ts';
import { until } from './testing/until.ts';

const { after, ownRedis } = endedAfterEach();

/** Takes from a list, and records what it took and what was logged. */
function startTaking(port: number, parts: Partial<ReadLoopParts> = {}) {
  const taken: string[] = [];
  const logged: string[] = [];
  const log = (level: string) => (facts: object, text: string) =>
    void logged.push(`${level} ${JSON.stringify({ ...facts, err: undefined })} ${text}`);
  const loop = createReadLoop({
    redisUrl: `redis://127.0.0.1:${port}`,
    name: 'test',
    what: 'list',
    facts: { list: 'l' },
    async step(run) {
      const popped = await run((redis) => redis.blpop('l', BLOCK_MS / 1000));
      if (popped) taken.push(popped[1]);
    },
    logger: { info: log('info'), warn: log('warn') } as unknown as Logger,
    ...parts,
  });
  loop.start();
  after(loop.stop);
  return { loop, taken, logged };
}

/** A server with a loop that waits for the list, and a connection to write with. */
async function startWaiting(): Promise<{ loop: ReadLoop; taken: string[]; writer: Redis }> {
  const port = await freePort();
  const server = await ownRedis(port);
  const { loop, taken } = startTaking(port);
  const writer = new Redis(server.url);
  after(() => writer.disconnect());
  await writer.rpush('l', 'first');
  await until('one was taken', () => taken.length === 1);
  return { loop, taken, writer };
}

test('an outage is told once with the facts, and so is its end; then it reads on', async () => {
  const port = await freePort();
  const { taken, logged } = startTaking(port);
  await sleep(1000);
  expect(logged).toEqual(['warn {"list":"l","unlogged":0} list unreadable; trying again']);

  const server = await ownRedis(port);
  const writer = new Redis(server.url);
  after(() => writer.disconnect());
  await writer.rpush('l', 'after the outage');
  await until('one was taken', () => taken.length === 1);
  await until('two lines were logged', () => logged.length === 2);
  expect(logged[1]).toBe('info {"list":"l"} list readable again');
});

test('a failure that the next step repairs is told neither when it comes nor when it is over', async () => {
  const port = await freePort();
  await ownRedis(port);
  let steps = 0;
  const { logged } = startTaking(port, {
    async step(run) {
      await run((redis) => redis.ping());
      if (++steps === 1) throw new Error('the group is gone');
      await sleep(20);
    },
    isRepairable: (err) => err instanceof Error && err.message === 'the group is gone',
  });
  await until('more than three steps ran', () => steps > 3);
  expect(logged).toEqual([]);
});

test('draining lets the running read end, so that what it brings is not lost', async () => {
  const { loop, taken, writer } = await startWaiting();
  const drained = loop.drain();
  await writer.rpush('l', 'last');
  await drained;
  expect(taken).toEqual(['first', 'last']);
});

test('stopping ends the running read at once', async () => {
  const { loop, taken, writer } = await startWaiting();
  const startedMs = performance.now();
  await loop.stop();
  expect(performance.now() - startedMs).toBeLessThan(BLOCK_MS / 2);
  await writer.rpush('l', 'too late');
  await sleep(100);
  expect(taken).toEqual(['first']);
});
