import type { Redis } from 'ioredis';
import { systemClock } from './clock.ts';
import { RetryableError, withDeadline } from './errors.ts';
import { createReaderRoute, isReply } from './reader-route.ts';
import { createReaderConnection, type RedisConnectionOptions } from './redis.ts';

/** How long a read may block (`BLOCK 1000`), so that longer silence means trouble. */
export const BLOCK_MS = 1000;
/** Two and a half reads: a Redis that is busy for a second is not given up. */
const SILENCE_MS = 2500;
/** If a read is neither answered nor ended by the silence limit, ioredis has lost it: the connection is given up. */
const WATCHDOG_MS = 4000;
const CONNECT_DEADLINE_MS = 5000;
/** Via one stale node to the right one; a longer path is tried again later. */
const MOST_REDIRECTS = 2;

export type BlockingReader = {
  /**
   * Runs commands on a connection of its own, opening it when there is none. After any error except a reply of the
   * server the connection is discarded and the next call opens another: call again after a pause. Rejects within
   * about four seconds whatever the server does. Not for concurrent calls.
   *
   * In a cluster all keys must be in one slot. A node that does not hold them redirects, and the commands run again
   * on the other node.
   */
  run<T>(commands: (redis: Redis) => Promise<T>): Promise<T>;
  /** Milliseconds since the server last answered, or since the reader was opened. */
  silentForMs(): number;
  /** A running call rejects at once, and so do later ones. */
  close(): void;
};

/** Connects on the first call of `run`. */
export function openBlockingReader(
  url: string,
  { name = 'reader' }: RedisConnectionOptions = {},
): BlockingReader {
  const route = createReaderRoute(url);
  let connection: Redis | undefined;
  let isClosed = false;
  let lastReplyMs = systemClock.monotonicMs();

  async function connect(): Promise<Redis> {
    if (isClosed) throw new RetryableError('The blocking reader is closed');
    if (connection !== undefined) return connection;
    const redis = createReaderConnection(url, { name, silenceMs: SILENCE_MS, node: route.node() });
    connection = redis;
    await withDeadline(redis.connect(), CONNECT_DEADLINE_MS, 'connecting to Redis');
    return redis;
  }

  function drop(): void {
    connection?.disconnect();
    connection = undefined;
  }

  async function runHere<T>(commands: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      const redis = await connect();
      const reply = await withDeadline(commands(redis), WATCHDOG_MS, 'a blocking read');
      lastReplyMs = systemClock.monotonicMs();
      return reply;
    } catch (error) {
      if (isReply(error)) lastReplyMs = systemClock.monotonicMs();
      if (!isReply(error) || route.leadsElsewhere(error)) drop();
      throw error;
    }
  }

  return {
    async run(commands) {
      for (let redirects = 0; ; redirects++) {
        try {
          return await runHere(commands);
        } catch (error) {
          if (route.follow(error) && redirects < MOST_REDIRECTS) continue;
          throw error;
        }
      }
    },
    silentForMs: () => systemClock.monotonicMs() - lastReplyMs,
    close() {
      isClosed = true;
      drop();
    },
  };
}
