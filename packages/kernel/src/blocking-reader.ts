import type { Redis } from 'ioredis';
import { systemClock } from './clock.ts';
import { isError, RetryableError, withDeadline } from './errors.ts';
import { createReaderConnection, type RedisConnectionOptions } from './redis.ts';

/** How long a read should block at most (`BLOCK 1000`), so that silence beyond it means trouble. */
export const BLOCK_MS = 1000;
/** Two reads and a half: a Redis that is busy for a second is not given up. */
const SILENCE_MS = 2500;
/** If a read is neither answered nor ended by the silence limit, ioredis has lost it: we give up on the connection. */
const WATCHDOG_MS = 4000;
const CONNECT_DEADLINE_MS = 5000;

export type BlockingReader = {
  /**
   * Runs commands on a connection that nobody else uses, opening it when there is none. After any error but a reply
   * of the server the connection is thrown away, and the next call opens another: call again after a pause. Rejects
   * within about four seconds whatever the server does. Not for two calls at once.
   */
  run<T>(commands: (redis: Redis) => Promise<T>): Promise<T>;
  /** Milliseconds since the server last answered, or since the reader was opened. */
  silentForMs(): number;
  /** A running call rejects at once, and so do later ones. */
  close(): void;
};

/** Connects with the first call of `run`. */
export function openBlockingReader(
  url: string,
  { name = 'reader' }: RedisConnectionOptions = {},
): BlockingReader {
  let connection: Redis | undefined;
  let isClosed = false;
  let lastReplyMs = systemClock.monotonicMs();

  async function connect(): Promise<Redis> {
    if (isClosed) throw new RetryableError('The blocking reader is closed');
    if (connection !== undefined) return connection;
    const redis = createReaderConnection(url, name, SILENCE_MS);
    connection = redis;
    await withDeadline(redis.connect(), CONNECT_DEADLINE_MS, 'connecting to Redis');
    return redis;
  }

  function drop(): void {
    connection?.disconnect();
    connection = undefined;
  }

  return {
    async run(commands) {
      try {
        const redis = await connect();
        const reply = await withDeadline(commands(redis), WATCHDOG_MS, 'a blocking read');
        lastReplyMs = systemClock.monotonicMs();
        return reply;
      } catch (error) {
        if (isReply(error)) lastReplyMs = systemClock.monotonicMs();
        else drop();
        throw error;
      }
    },
    silentForMs: () => systemClock.monotonicMs() - lastReplyMs,
    close() {
      isClosed = true;
      drop();
    },
  };
}

/** The server answered, only not what we hoped for: NOGROUP, WRONGTYPE. The connection is good. */
function isReply(error: unknown): boolean {
  return isError(error) && error.name === 'ReplyError';
}
