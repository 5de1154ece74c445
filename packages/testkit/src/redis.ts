import { randomBytes } from 'node:crypto';
import {
  type RedisCluster,
  type RedisSentinel,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from '@securechat/embedded';
import { openProducer, type RedisClient } from '@securechat/kernel';
import { type Cluster, Redis } from 'ioredis';
import { ownContainer } from './servers/own-container.ts';
import { type OwnServer, ownEmbeddedServer, say, wantsContainers } from './servers/own-server.ts';

export type TestRedis = {
  readonly url: string;
  /** Unique to this test; give it to the code under test as its prefix. */
  readonly prefix: string;
  readonly redis: Redis;
  /** Deletes all keys with `prefix`, and disconnects. */
  close(): Promise<void>;
};

/** The Redis shared by all test files, with a separate key prefix: one server, for tests of single parts. */
export async function openTestRedis(): Promise<TestRedis> {
  const { url, prefix, close } = await reserveKeys();
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  return {
    url,
    prefix,
    redis,
    async close() {
      redis.disconnect();
      await close();
    },
  };
}

/** A separate prefix on the shared Redis, whatever kind that is: for whole services. */
export async function reserveKeys(): Promise<Omit<TestRedis, 'redis'>> {
  const url = sharedUrl('TEST_REDIS_URL');
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  return {
    url,
    prefix,
    async close() {
      const { redis, close } = await connectRedis(url);
      for (const key of await keysOf(redis, `${prefix}*`)) await redis.unlink(key);
      close();
    },
  };
}

/** A server provided by the test run. */
export function sharedUrl(variable: 'TEST_REDIS_URL' | 'TEST_POSTGRES_URL'): string {
  const url = process.env[variable];
  if (url) return url;
  throw new Error(`${variable} is not set: run the tests with \`npm test\`, which starts the servers.`);
}

const CONNECT_MS = 30_000;

/** Connects to a server, the master that Sentinels name, or a cluster: whatever the services are given. */
export async function connectRedis(url: string): Promise<{ redis: RedisClient; close(): void }> {
  const producer = openProducer(url, { name: 'test' });
  try {
    await producer.whenReady(CONNECT_MS);
  } catch (error) {
    producer.close();
    throw error;
  }
  return producer;
}

/** Acts on the server, or on each server of a cluster including replicas, which forward only data commands. */
export async function onEachServer(url: string, act: (redis: Redis) => Promise<void>): Promise<void> {
  const { redis, close } = await connectRedis(url);
  try {
    if (redis instanceof Redis) return await act(redis);
    for (const place of await membersOf(redis)) {
      const server = new Redis({ ...redis.options.redisOptions, ...place, lazyConnect: true });
      await server.connect();
      await act(server).finally(() => server.disconnect());
    }
  } finally {
    close();
  }
}

/**
 * `<id> <host>:<port>@<bus port> …`, a line per node. The slots table, by which clients find nodes, omits a replica until its master
 * knows how much it has, about ten seconds after the start of a cluster.
 */
async function membersOf(cluster: Cluster): Promise<{ host: string; port: number }[]> {
  const [master] = cluster.nodes('master');
  const lines = String(await master?.cluster('NODES')).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, host = '', port] = /^\S+ (\S+):(\d+)@/.exec(line) ?? [];
      return { host, port: Number(port) };
    });
}

/** Names of all keys matching the pattern. */
export async function keysOf(redis: RedisClient, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for (const master of redis instanceof Redis ? [redis] : redis.nodes('master')) {
    for await (const keys of master.scanStream({ match: pattern, count: 1000 }))
      found.push(...(keys as string[]));
  }
  return [...new Set(found)];
}

/**
 * A Redis for this test alone. `appendonly`: `start()` after an end restores what was written up to the last flush, at most a second
 * before; otherwise it comes back empty. `within`: folder for its files, if embedded. `users`: name and rules of each, in addition to the
 * one without a password.
 */
export async function startOwnRedis(
  options: { appendonly?: boolean; within?: string; users?: readonly string[] } = {},
): Promise<OwnServer> {
  const { appendonly = false, within, users = [] } = options;
  const server = wantsContainers()
    ? await ownContainer({
        name: 'Redis',
        image: 'redis:7',
        containerPort: 6379,
        command: [
          ...['redis-server', '--save', '', '--appendonly', appendonly ? 'yes' : 'no'],
          ...['--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
          ...users.flatMap((user) => ['--user', ...user.split(' ')]),
        ],
        urlFor: (host, port) => `redis://${host}:${port}`,
        probe: pingRedis,
      })
    : await ownEmbeddedServer('redis', (place) => startRedis({ ...place, appendonly, users }), within);
  say(`own Redis: ${server.source}`);
  return server;
}

/** A Redis Cluster for this test alone: three masters with one replica each, always embedded. */
export async function startOwnRedisCluster(users: readonly string[] = []): Promise<RedisCluster> {
  const cluster = await startRedisCluster({ users });
  say(`own Redis Cluster: ${cluster.url}`);
  return cluster;
}

/** A master and a replica for this test alone behind three Sentinels, always embedded. */
export async function startOwnRedisSentinel(users: readonly string[] = []): Promise<RedisSentinel> {
  const sentinel = await startRedisSentinel({ users });
  say(`own Redis behind Sentinel: ${sentinel.url}`);
  return sentinel;
}

async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined); // the rejected promise tells
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
