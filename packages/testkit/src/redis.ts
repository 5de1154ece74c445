import { randomBytes } from 'node:crypto';
import { type RedisCluster, startRedis, startRedisCluster } from '@securechat/embedded';
import { Redis } from 'ioredis';
import { ownContainer } from './servers/own-container.ts';
import { type OwnServer, ownEmbeddedServer, say, wantsContainers } from './servers/own-server.ts';

export type TestRedis = {
  readonly url: string;
  /** Nobody else's keys begin with it; give it to the code under test as its prefix. */
  readonly prefix: string;
  readonly redis: Redis;
  /** Deletes the keys that begin with `prefix`, and disconnects. */
  close(): Promise<void>;
};

/** The Redis that all test files share, with a key prefix of this file's own. */
export async function openTestRedis(): Promise<TestRedis> {
  const url = sharedUrl('TEST_REDIS_URL');
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  return {
    url,
    prefix,
    redis,
    async close() {
      await deleteKeys(redis, prefix);
      redis.disconnect();
    },
  };
}

/** A server that the run of the tests provides. */
export function sharedUrl(variable: 'TEST_REDIS_URL' | 'TEST_POSTGRES_URL'): string {
  const url = process.env[variable];
  if (url) return url;
  throw new Error(`${variable} is not set: run the tests with \`npm test\`, which starts the servers.`);
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if (keys.length > 0) await redis.unlink(...(keys as string[]));
  }
}

/**
 * A Redis of the test's own. `appendonly`: `start()` after an end brings back what was written up to the last
 * flush, at most a second before; otherwise it comes back empty. `within`: a folder for its files, where it is embedded.
 * `users`: name and rules of each, beside the one without a password.
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

/** A Redis Cluster of the test's own: three masters with a replica each, always embedded. */
export async function startOwnRedisCluster(users: readonly string[] = []): Promise<RedisCluster> {
  const cluster = await startRedisCluster({ users });
  say(`own Redis Cluster: ${cluster.url}`);
  return cluster;
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
