import {
  BLOCK_MS,
  type BlockingReader,
  createConsumerGroup,
  createReadLoop,
  type Logger,
  parseEntries,
  type RedisClient,
  type StreamEntry,
} from '@securechat/kernel';
import type { Redis } from 'ioredis';

const GROUP = 'files';
/** The same in every process: entries that one read but did not finish are found by another by their age. */
const CONSUMER = 'files';
/** Far longer than a chunk takes: its reader must have died. */
const CLAIMED_AFTER_MS = 30_000;
const CLAIM_EVERY_MS = 10_000;

export type ChunkConsumer = {
  /** Does not wait for Redis. */
  start(): void;
  /** Stops reading, and finishes what was read. */
  stop(): Promise<void>;
};

/**
 * Consumes one stream through a consumer group. An entry is deleted once handled, so that the stream's length is the
 * backlog, and is bounded at the door; another process takes over the unfinished entries of a dead one. `handle` may
 * get the same entry twice and must not reject.
 */
export function createChunkConsumer(parts: {
  url: string;
  redis: RedisClient;
  stream: string;
  /** Maximum concurrent entries. */
  concurrency: number;
  handle(entry: StreamEntry): Promise<void>;
  logger: Logger;
}): ChunkConsumer {
  const { redis, stream, concurrency, handle, logger } = parts;
  const consumerGroup = createConsumerGroup([stream], GROUP);
  const loop = createReadLoop({
    redisUrl: parts.url,
    name: 'chunks',
    what: 'chunks',
    facts: { stream },
    step,
    isRepairable: consumerGroup.isGone,
    logger,
  });
  const running = new Set<Promise<void>>();
  let claimedAt = Number.NEGATIVE_INFINITY;

  async function read(connection: Redis, count: number): Promise<StreamEntry[]> {
    const place = ['GROUP', GROUP, CONSUMER, 'COUNT', count, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>'];
    return parseEntries(await connection.callBuffer('XREADGROUP', place));
  }

  async function claim(connection: Redis, count: number): Promise<StreamEntry[]> {
    if (performance.now() - claimedAt < CLAIM_EVERY_MS) return [];
    claimedAt = performance.now();
    const args = [stream, GROUP, CONSUMER, CLAIMED_AFTER_MS, '0', 'COUNT', count];
    const [, entries] = (await connection.callBuffer('XAUTOCLAIM', args)) as [Buffer, unknown[]];
    return parseEntries([[Buffer.from(stream), entries]]);
  }

  async function step(run: BlockingReader['run']): Promise<void> {
    while (running.size >= concurrency) await Promise.race(running);
    const free = concurrency - running.size;
    const entries = await run(async (connection) => {
      await consumerGroup.ensure(connection);
      const claimed = await claim(connection, free);
      return claimed.length > 0 ? claimed : await read(connection, free);
    });
    for (const entry of entries) {
      const work = finish(entry).finally(() => running.delete(work));
      running.add(work);
    }
  }

  async function finish(entry: StreamEntry): Promise<void> {
    await handle(entry);
    // in this order: an acknowledged entry that is not deleted would take up room in the stream for ever
    await Promise.all([redis.xdel(stream, entry.id), redis.xack(stream, GROUP, entry.id)]).catch(
      (err: unknown) => logger.debug({ err }, 'an entry was not deleted; it will be handled once more'),
    );
  }

  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await Promise.all(running);
    },
  };
}
