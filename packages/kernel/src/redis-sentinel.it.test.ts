import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test kills the master of its own Redis
import { type RedisSentinel, startRedisSentinel } from '@securechat/embedded';
import { openBlockingReader } from './blocking-reader.ts';
import { sleep, systemClock } from './clock.ts';
import { createJobRunner } from './jobs.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { isRedisDown, openProducer, type Producer } from './redis.ts';
import { reconnectAfterMs } from './redis-options.ts';
import { runsOf } from './redis-runs.ts';
import { until as untilWithin } from './testing/until.ts';
import { watchStream } from './testing/watch-stream.ts';

let sentinel: RedisSentinel;
let producer: Producer;
const cleanups: (() => Promise<void> | void)[] = [];

/** The Sentinels need seconds to agree, and on a busy machine more. */
const PATIENCE_MS = 60_000;
jest.setTimeout(3 * PATIENCE_MS);
const until: typeof untilWithin = (what, condition) => untilWithin(what, condition, PATIENCE_MS);
const KEY = '{some}:stream';

beforeAll(async () => {
  sentinel = await startRedisSentinel();
  producer = openProducer(sentinel.url, { name: 'test' });
  await producer.whenReady(PATIENCE_MS);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  producer?.close();
  await sentinel?.stop();
});

/** The times of a job’s runs. */
function startJob(): readonly number[] {
  const times: number[] = [];
  const runner = createJobRunner({
    redisUrl: sentinel.url,
    prefix: 'q',
    service: 'test',
    jobs: { note: { everyMs: 200, deadlineMs: 1_000, run: async () => void times.push(Date.now()) } },
    clock: systemClock,
    logger: createLogger({ service: 'test', instance: 'test', level: 'silent' }),
    metrics: createMetrics('test'),
  });
  cleanups.push(() => runner.stop());
  runner.start();
  return times;
}

test('when the master is killed, commands, readers and jobs go on at its replica, and the change is noticed', async () => {
  const write = (value: string) =>
    until(`${value} is written`, () => producer.redis.xadd(KEY, '*', 'a', value).then(Boolean));
  const { seen, stop } = watchStream(sentinel.url, KEY);
  cleanups.push(stop);
  const times = startJob();
  await write('before');
  await until('it reads', () => seen.length === 1);
  await until('the job runs', () => times.length > 2);
  const run = await runsOf(producer.redis, [KEY]);
  const before = await sentinel.masterPort();

  let outage: unknown;
  const failing = sentinel.failOver();
  await until('it is noticed', async () => {
    outage = await producer.redis.ping().catch((error: unknown) => error);
    return outage !== 'PONG';
  });
  expect(isRedisDown(outage)).toBe(true);
  await failing;

  expect(await sentinel.masterPort()).not.toBe(before);
  await write('after');
  expect(await until('it tells its run', () => runsOf(producer.redis, [KEY]))).not.toBe(run);
  await until('the reader goes on', () => seen.at(-1) === 'after');
  const runs = times.length;
  await until('the job goes on', () => times.length > runs + 2);
});

test('a command to a master that is none any more rejects, and the next one finds the new one', async () => {
  const demoted = openProducer(sentinel.url, { name: 'demoted' });
  cleanups.push(() => demoted.close());
  await demoted.whenReady(PATIENCE_MS);
  await until('it writes', () => demoted.redis.set('{some}:key', '1').then(Boolean));
  await sentinel.failOver();
  await until('it writes again', () => demoted.redis.set('{some}:key', '2').then(Boolean));
  expect(await demoted.redis.get('{some}:key')).toBe('2');
});

test('without a Sentinel that answers there is nothing to wait for', async () => {
  const lost = openProducer('redis+sentinel://127.0.0.1:1/chat', { name: 'lost' });
  cleanups.push(() => lost.close());
  await expect(lost.whenReady(500)).rejects.toThrow('was not ready within 500 ms');
  const error = await lost.redis.ping().catch((failure: unknown) => failure);
  expect(isRedisDown(error)).toBe(true);
  const reader = openBlockingReader('redis+sentinel://127.0.0.1:1/chat');
  cleanups.push(() => reader.close());
  const failure = await reader.run((redis) => redis.ping()).catch((reason: unknown) => reason);
  expect(isRedisDown(failure)).toBe(true);
});

test('a connection that is closed asks no Sentinel any more', async () => {
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const lost = openProducer(`redis+sentinel://127.0.0.1:${port}/chat`, { name: 'lost' });
  cleanups.push(() => lost.close());
  // it was refused, and will retry
  await once(lost.redis, 'error');
  expect(asked).toBeGreaterThan(0);
  const before = asked;
  lost.close();
  await sleep(10 * reconnectAfterMs(1));
  expect(asked).toBe(before);
});

test('a process that has closed a connection for which no Sentinel answered is not kept by it', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, 'testing', 'close-process.ts')],
    {
      env: { ...process.env, REDIS_URL: 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/chat' },
      timeout: PATIENCE_MS,
    },
  );
  // by default ioredis keeps it for two seconds
  expect(Number(stdout)).toBeLessThan(1_500);
});
