import { Redis, type RedisOptions } from 'ioredis';
import { sleep, systemClock } from './clock.ts';
import { createComplaints } from './complaints.ts';
import { DeadlineError, isConnectionLoss, isRedisNotNow } from './errors.ts';
import { gatherWrites } from './gather-writes.ts';
import type { Logger } from './logger.ts';
import { maskUrl } from './mask.ts';
import { parseRedisUrl, type RedisNode } from './redis-address.ts';
import { openCluster, type RedisClient, takesCommands } from './redis-cluster.ts';
import { connectionOptions, reconnectAfterMs } from './redis-options.ts';
import { openServer } from './redis-server.ts';

export type Producer = {
  /** For commands and scripts. Rejects at once while Redis is down; see `isRedisDown`. */
  redis: RedisClient;
  isReady(): boolean;
  /** Resolves when commands are accepted. Rejects with a DeadlineError, but keeps connecting. */
  whenReady(deadlineMs: number): Promise<void>;
  /** Immediate: unanswered commands are rejected. */
  close(): void;
};

export type RedisConnectionOptions = {
  /** Shown by CLIENT LIST. */
  name?: string;
  logger?: Logger | undefined;
};

/** An unanswered command rejects after this. It may have been applied: the caller must be able to repeat it. */
const COMMAND_TIMEOUT_MS = 1500;
/**
 * Commands were written and nothing came back for this long: the connection is closed. Otherwise timed-out commands
 * would pile up behind a paused server without bound.
 */
const PRODUCER_SILENCE_MS = 2000;
/** A cluster emits no event for it. */
const READY_LOOK_MS = 10;

/**
 * The connection for everything that does not block. Each option overrides an ioredis default that writes twice,
 * waits for ever or queues without bound: a command is sent once, on a ready connection, and rejects when that
 * connection is lost. Reconnects for ever, with delays growing to two seconds.
 */
export function openProducer(
  url: string,
  { name = 'producer', logger }: RedisConnectionOptions = {},
): Producer {
  const address = parseRedisUrl(url);
  const options: RedisOptions = {
    ...connectionOptions,
    connectionName: name,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: PRODUCER_SILENCE_MS,
    retryStrategy: reconnectAfterMs,
  };
  const redis = address.kind === 'cluster' ? openCluster(address, options) : openServer(address, options);
  gatherCommands(redis);
  logErrors(redis, name, logger);
  return {
    redis,
    isReady: () => takesCommands(redis),
    whenReady: (deadlineMs) => waitUntilReady(redis, url, deadlineMs),
    close: () => redis.disconnect(),
  };
}

/** On each connection that it makes, to each node. */
function gatherCommands(redis: RedisClient): void {
  if (redis instanceof Redis) redis.on('connect', () => gatherWrites(redis.stream));
  else redis.on('+node', (node: Redis) => node.on('connect', () => gatherWrites(node.stream)));
}

/** True when Redis cannot be reached, did not answer in time, or says that it cannot serve now. */
export function isRedisDown(error: unknown): boolean {
  return error instanceof DeadlineError || isConnectionLoss(error) || isRedisNotNow(error);
}

/** For a reader: never reconnects itself, since the reader opens a new one. `node`: the cluster node to connect to. */
export function createReaderConnection(
  url: string,
  { name, silenceMs, node }: { name: string; silenceMs: number; node: RedisNode | undefined },
): Redis {
  const address = parseRedisUrl(url);
  const options: RedisOptions = {
    ...connectionOptions,
    connectionName: name,
    socketTimeout: silenceMs,
    retryStrategy: null,
    lazyConnect: true,
  };
  const redis =
    address.kind === 'cluster'
      ? new Redis({ ...options, ...address.login, ...(node ?? address.nodes[0]) })
      : openServer(address, options);
  // errors are reported by the commands, which all reject
  redis.on('error', () => {});
  return redis;
}

async function waitUntilReady(redis: RedisClient, url: string, deadlineMs: number): Promise<void> {
  const endMs = systemClock.monotonicMs() + deadlineMs;
  while (!takesCommands(redis)) {
    if (systemClock.monotonicMs() > endMs)
      throw new DeadlineError(`Redis at ${maskUrl(url)} was not ready within ${deadlineMs} ms`);
    await sleep(READY_LOOK_MS);
  }
}

/** The listener also keeps Node from exiting: 'error' events must be handled. */
export function logErrors(redis: RedisClient, name: string, logger: Logger | undefined): void {
  const log = createComplaints({
    what: 'redis connection failed',
    facts: { connection: name },
    clock: systemClock,
    logger,
  });
  redis.on('error', log);
  // of one node of a cluster
  redis.on('node error', log);
}
