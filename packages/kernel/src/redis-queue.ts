import { Redis, type RedisOptions } from 'ioredis';
import { createReaderConnection, logErrors, type RedisConnectionOptions } from './redis.ts';
import { parseRedisUrl, type RedisNode } from './redis-address.ts';
import { connectionOptions, reconnectAfterMs } from './redis-options.ts';
import { pinnedTo } from './redis-pinned.ts';
import { openServer } from './redis-server.ts';

/** For a connection that only looks up the queue's node. */
const PLACE_SILENCE_MS = 2_000;
/** bullmq waits for a job for at most 10 s, and gives up the wait itself a second later. */
const QUEUE_SILENCE_MS = 15_000;

/**
 * The connection of bullmq's worker, together with the copies it makes for waiting. The worker has only a few
 * commands in flight and cannot handle rejected ones, so here they wait for Redis to come back. `key` is any of the
 * queue's keys, which are all in one slot.
 */
export function openQueueConnection(
  url: string,
  key: string,
  { name = 'queue', logger }: RedisConnectionOptions = {},
): { redis: Redis; close(): void } {
  const address = parseRedisUrl(url);
  const lookUp = (node: RedisNode) =>
    createReaderConnection(url, { name: `${name}-place`, silenceMs: PLACE_SILENCE_MS, node });
  const options: RedisOptions = {
    ...connectionOptions,
    connectionName: name,
    enableOfflineQueue: true,
    autoResendUnfulfilledCommands: true,
    maxRetriesPerRequest: null,
    socketTimeout: QUEUE_SILENCE_MS,
    retryStrategy: reconnectAfterMs,
  };
  const redis =
    address.kind === 'cluster'
      ? new Redis({ ...options, ...pinnedTo(address, key, lookUp) })
      : openServer(address, options);
  logErrors(redis, name, logger);
  const all = [redis];
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const copy = duplicate(override);
    // bullmq removes its listener before the connection has ended
    logErrors(copy, name, logger);
    all.push(copy);
    return copy;
  };
  return {
    redis,
    close() {
      for (const connection of all) {
        // Closed between two attempts, ioredis would never settle what waits; an aborted attempt does.
        if (!IS_AT_WORK.has(connection.status)) connection.connect().catch(() => {});
        connection.disconnect();
      }
    },
  };
}
const IS_AT_WORK: ReadonlySet<string> = new Set(['connecting', 'connect', 'ready']);
