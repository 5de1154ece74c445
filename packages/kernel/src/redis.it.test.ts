import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test pauses and kills a Redis of its own
import { type EmbeddedServer, startRedis } from '@securechat/embedded';
import { Redis } from 'ioredis';
import { sleep } from './clock.ts';
import { isRedisDown, openProducer, type Producer } from './redis.ts';
import { loadScript } from './script.ts';
import { type CuttingProxy, startCuttingProxy } from './testing/cutting-proxy.ts';

let server: EmbeddedServer;
let proxy: CuttingProxy;
let producer: Producer;
let direct: Redis;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startCuttingProxy(server.port);
  direct = new Redis(server.url);
});
afterAll(async () => {
  direct.disconnect();
  await proxy.close();
  await server.stop();
});
beforeEach(async () => {
  await direct.flushall();
  producer = openProducer(`redis://127.0.0.1:${proxy.port}`, { name: 'test' });
  await producer.whenReady(5000);
});
afterEach(() => {
  proxy.swallowReplies(false);
  proxy.blackhole(false);
  producer.close();
});

async function rejection(promise: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const startedMs = performance.now();
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, afterMs: performance.now() - startedMs };
}

test('a command on a lost connection rejects at once and is not sent again after the reconnect', async () => {
  proxy.swallowReplies(true);
  const added = rejection(producer.redis.xadd('s', '*', 'a', '1'));
  await sleep(100);
  proxy.swallowReplies(false);
  const cutMs = performance.now();
  proxy.cut();
  const { error } = await added;
  expect(performance.now() - cutMs).toBeLessThan(200);
  expect(isRedisDown(error)).toBe(true);

  await producer.whenReady(5000);
  await producer.redis.xadd('s', '*', 'a', '2');
  expect(await direct.xlen('s')).toBe(2);
});

test('the same cut makes ioredis write twice with its defaults, so the test above can see it', async () => {
  const careless = new Redis(proxy.port, '127.0.0.1');
  try {
    await careless.ping();
    proxy.swallowReplies(true);
    const added = careless.xadd('s', '*', 'a', '1');
    await sleep(100);
    proxy.swallowReplies(false);
    proxy.cut();
    await added;
    expect(await direct.xlen('s')).toBe(2);
  } finally {
    careless.disconnect();
  }
});

test('without a connection a command rejects at once, and whenReady with a deadline', async () => {
  const unconnected = openProducer('redis://:hidden@127.0.0.1:1');
  try {
    const { error, afterMs } = await rejection(unconnected.redis.ping());
    expect(isRedisDown(error)).toBe(true);
    expect(afterMs).toBeLessThan(100);
    expect(unconnected.isReady()).toBe(false);
    await expect(unconnected.whenReady(100)).rejects.toThrow(
      'redis://:[redacted]@127.0.0.1:1 was not ready within 100 ms',
    );
  } finally {
    unconnected.close();
  }
});

test('a silent network times commands out, closes the connection and heals by itself', async () => {
  proxy.blackhole(true);
  const { error, afterMs } = await rejection(producer.redis.ping());
  expect(isRedisDown(error)).toBe(true);
  expect(afterMs).toBeGreaterThan(1400);
  expect(afterMs).toBeLessThan(1900);
  await sleep(1000);
  expect(producer.isReady()).toBe(false);
  const { afterMs: whileDown } = await rejection(producer.redis.ping());
  expect(whileDown).toBeLessThan(100);

  proxy.blackhole(false);
  await producer.whenReady(10_000);
  expect(await producer.redis.ping()).toBe('PONG');
});

test('a paused Redis fails commands in time and serves again when it goes on', async () => {
  process.kill(server.pid, 'SIGSTOP');
  try {
    const results = await Promise.all(
      [1, 2, 3].map(() => rejection(producer.redis.xadd('s', '*', 'a', '1'))),
    );
    for (const { error, afterMs } of results) {
      expect(isRedisDown(error)).toBe(true);
      expect(afterMs).toBeLessThan(2500);
    }
    await sleep(3000);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await producer.whenReady(10_000);
  // what was written before the pause may have arrived, but never twice
  expect(await direct.xlen('s')).toBeLessThanOrEqual(3);
});

test('a script runs by its hash, also after Redis has forgotten it, with Buffers and strings', async () => {
  const script = loadScript<[string, number]>('echo', 'return {ARGV[1], tonumber(ARGV[2]), KEYS[1]}', 1);
  expect(await script.run(producer.redis, ['k'], ['a', 7])).toEqual(['a', 7, 'k']);
  await direct.script('FLUSH');
  expect(await script.run(producer.redis, ['k'], ['a', 7])).toEqual(['a', 7, 'k']);
  const bytes = Buffer.from([0, 255, 1]);
  expect(await script.runBuffer(producer.redis, ['k'], [bytes, 7])).toEqual([bytes, 7, Buffer.from('k')]);
  await expect(script.run(producer.redis, [], ['a'])).rejects.toThrow('takes 1 keys and was given 0');
});
