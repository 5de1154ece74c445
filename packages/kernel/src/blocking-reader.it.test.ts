import { expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test kills a Redis of its own
import { type EmbeddedServer, freePort } from '@securechat/embedded';
import { Redis } from 'ioredis';
import { BLOCK_MS, type BlockingReader, openBlockingReader } from './blocking-reader.ts';
import { sleep } from './clock.ts';
import { createLoop } from './loop.ts';
import { startCuttingProxy } from './testing/cutting-proxy.ts';
import { endedAfterEach } from './testing/own-redis.ts';
import { until } from './testing/until.ts';

const { after, ownRedis } = endedAfterEach();

function read(reader: BlockingReader, from: string): Promise<unknown> {
  return reader.run((redis) => redis.call('XREAD', ['BLOCK', BLOCK_MS, 'STREAMS', 's', from]));
}

/** A loop like every consumer's: returns what arrived, in order, and how often a read failed. */
function startLoop(reader: BlockingReader) {
  const seen: string[] = [];
  let failures = 0;
  let cursor = '0-0';
  const loop = createLoop({
    async step() {
      const reply = (await read(reader, cursor)) as [string, [string, string[]][]][] | null;
      for (const [id, fields] of reply?.[0]?.[1] ?? []) {
        cursor = id;
        seen.push(fields[1] ?? '');
      }
    },
    onFailure() {
      failures += 1;
    },
  });
  loop.start();
  after(async () => {
    const stopped = loop.stop();
    reader.close();
    await stopped;
  });
  return { seen, failures: () => failures };
}

async function add(server: EmbeddedServer, value: string): Promise<void> {
  const redis = new Redis(server.url);
  await redis.xadd('s', '*', 'v', value);
  redis.disconnect();
}

test('a read that finds nothing resolves with null after a second', async () => {
  const server = await ownRedis();
  const reader = openBlockingReader(server.url);
  after(() => reader.close());
  const startedMs = performance.now();
  expect(await read(reader, '$')).toBeNull();
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(BLOCK_MS - 20);
  expect(reader.silentForMs()).toBeLessThan(500);
});

test('a paused Redis is noticed, and reading goes on when it goes on', async () => {
  const server = await ownRedis();
  const loop = startLoop(openBlockingReader(server.url));
  await add(server, 'before');
  await until('the first one was read', () => loop.seen.length === 1, 5000);

  process.kill(server.pid, 'SIGSTOP');
  await until('a read failed', () => loop.failures() > 0, 3500);
  process.kill(server.pid, 'SIGCONT');
  await add(server, 'after');
  await until('the second one was read', () => loop.seen.length === 2, 8000);
  expect(loop.seen).toEqual(['before', 'after']);
});

test('a killed Redis is read again when it is back on the same port', async () => {
  const port = await freePort();
  const first = await ownRedis(port);
  const loop = startLoop(openBlockingReader(first.url));
  await sleep(300);
  await first.kill();
  await until('two reads failed', () => loop.failures() > 1, 2000);

  const second = await ownRedis(port);
  await add(second, 'again');
  await until('the first one was read', () => loop.seen.length === 1, 5000);
});

test('a half-open connection is given up after its silence', async () => {
  const server = await ownRedis();
  const proxy = await startCuttingProxy(server.port);
  after(() => proxy.close());
  const loop = startLoop(openBlockingReader(`redis://127.0.0.1:${proxy.port}`));
  await sleep(300);
  proxy.blackhole(true);
  await until('a read failed', () => loop.failures() > 0, 3500);
  proxy.blackhole(false);
  proxy.cut();
  await add(server, 'healed');
  await until('the first one was read', () => loop.seen.length === 1, 5000);
});

test('an error reply keeps the connection', async () => {
  const server = await ownRedis();
  const reader = openBlockingReader(server.url);
  after(() => reader.close());
  const clientId = () => reader.run((redis) => redis.client('ID'));
  const before = await clientId();
  await expect(reader.run((redis) => redis.call('XREAD', ['STREAMS', 's']))).rejects.toThrow('ERR');
  expect(await clientId()).toBe(before);
});

test('closing rejects a running read at once, and later ones', async () => {
  const server = await ownRedis();
  const reader = openBlockingReader(server.url);
  await reader.run((redis) => redis.ping());
  const running = read(reader, '$');
  const startedMs = performance.now();
  await sleep(50);
  reader.close();
  await expect(running).rejects.toThrow();
  expect(performance.now() - startedMs).toBeLessThan(500);
  await expect(read(reader, '$')).rejects.toThrow('closed');
});
