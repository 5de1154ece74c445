import { afterAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { onEachServer, openTestRedis, sharedUrl, startOwnRedis, startOwnRedisCluster } from './redis.ts';
import type { OwnServer } from './servers/own-server.ts';
import { until } from './until.ts';

const servers: OwnServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function ownRedis(options: { appendonly?: boolean } = {}): Promise<OwnServer> {
  const server = await startOwnRedis(options);
  servers.push(server);
  return server;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, commandTimeout: 500 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

test('two files on the shared Redis have different prefixes, and each removes only its own keys', async () => {
  const [one, other] = [await openTestRedis(), await openTestRedis()];
  await one.redis.set(`${one.prefix}:{a}:key`, '1');
  await other.redis.set(`${other.prefix}:{a}:key`, '2');
  await one.close();
  expect(await other.redis.keys(`${one.prefix}*`)).toEqual([]);
  expect(await other.redis.get(`${other.prefix}:{a}:key`)).toBe('2');
  await other.close();
});

test('without a run of the tests it says how to start one', () => {
  const url = process.env.TEST_REDIS_URL;
  delete process.env.TEST_REDIS_URL;
  try {
    expect(() => sharedUrl('TEST_REDIS_URL')).toThrow('run the tests with `npm test`');
  } finally {
    process.env.TEST_REDIS_URL = url;
  }
});

test('an own Redis that was killed comes back on the same port, empty', async () => {
  const server = await ownRedis();
  await ask(server.url, (redis) => redis.set('key', 'value'));
  await server.end('SIGKILL');
  await expect(ask(server.url, (redis) => redis.ping())).rejects.toThrow();
  await server.start();
  expect(await ask(server.url, (redis) => redis.get('key'))).toBeNull();
});

test('with an append-only file it comes back with its data, or as a new one', async () => {
  const server = await ownRedis({ appendonly: true });
  await ask(server.url, (redis) => redis.set('key', 'value'));
  await server.end('SIGTERM');
  await server.start();
  expect(await ask(server.url, (redis) => redis.get('key'))).toBe('value');
  await server.end('SIGKILL');
  await server.startEmpty();
  expect(await ask(server.url, (redis) => redis.get('key'))).toBeNull();
});

test('a paused Redis answers nobody until it goes on', async () => {
  const server = await ownRedis();
  await server.pause();
  await expect(ask(server.url, (redis) => redis.ping())).rejects.toThrow();
  await server.resume();
  await until('it answers', () => ask(server.url, (redis) => redis.ping()));
});

test('of a cluster that has just been started each node is asked, also those that no client knows yet', async () => {
  const cluster = await startOwnRedisCluster();
  const ports: (number | undefined)[] = [];
  try {
    await onEachServer(cluster.url, async (redis) => void ports.push(redis.options.port));
    expect(ports.sort()).toEqual(cluster.nodes.map(({ port }) => port).sort());
  } finally {
    await cluster.stop();
  }
});
