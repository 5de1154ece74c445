import { BLOCK_MS, type BlockingReader } from '../blocking-reader.ts';
import { type Clock, sleep } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { createReadLoop } from '../read-loop.ts';
import { redisTimeMs } from '../redis-time.ts';
import { createConsumerGroup } from './consumer-group.ts';
import {
  createRequestRunner,
  type ReadEntry,
  type RequestHandling,
  type RequestRunner,
} from './request-runner.ts';
import { parseEntries, type StreamEntry } from './stream-entries.ts';

export type RequestConsumerOptions = RequestHandling & {
  url: string;
  /** Read together; a Redis Cluster requires them in one slot. */
  streams: readonly string[];
  group: string;
  /** May be the same in all processes: nothing is kept per consumer. A name per process would pile up in Redis. */
  consumer: string;
  /** Maximum concurrent handlers; nothing is read while all are busy. */
  concurrency: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
};

export type RequestConsumer = {
  /** Resolves at once; Redis may be down, and is waited for. */
  start(): Promise<void>;
  /** Stops reading (which may take a second) and finishes what was read. */
  drain(): Promise<void>;
  /** Immediate; running handlers see their signal abort and are not waited for. */
  stop(): Promise<void>;
  /** Milliseconds since Redis last answered: above 5,000 something is wrong. */
  silentForMs(): number;
};

/** Bounds the memory of one read. */
const MOST_PER_READ = 128;
/**
 * Minimum interval between reads that returned something: requests arriving meanwhile share a read, a lookup and an
 * answer.
 */
const READ_EVERY_MS = 10;

/**
 * Answers requests from streams through a consumer group without acknowledgement: each request is handled by one
 * process, at most once, because the asking side has a deadline and asks again. An entry that was read when the
 * process dies is lost. Redis coming back empty is normal: the group is recreated.
 */
export function createRequestConsumer(options: RequestConsumerOptions): RequestConsumer {
  const { url, streams, group, consumer, concurrency, clock, logger } = options;
  const runner: RequestRunner = createRequestRunner(options);
  const consumerGroup = createConsumerGroup(streams, group);
  const loop = createReadLoop({
    redisUrl: url,
    name: `${group}-requests`,
    what: 'request streams',
    facts: { group },
    step,
    isRepairable: consumerGroup.isGone,
    logger,
  });

  async function read(run: BlockingReader['run']): Promise<ReadEntry[]> {
    // COUNT is per stream, and at least one: entries beyond the free slots wait in `take`
    const perStream = Math.max(1, Math.min(MOST_PER_READ, Math.floor(runner.freePlaces() / streams.length)));
    const place = ['GROUP', group, consumer, 'COUNT', perStream, 'BLOCK', BLOCK_MS, 'NOACK', 'STREAMS'];
    const ids = streams.map(() => '>');
    return run(async (redis) => {
      await consumerGroup.ensure(redis);
      // the second is sent with the first, and answered after it
      const [reply, time] = await Promise.all([
        redis.callBuffer('XREADGROUP', [...place, ...streams, ...ids]),
        redis.time(),
      ]);
      return withAges(parseEntries(reply), time, clock.monotonicMs());
    });
  }

  async function step(run: BlockingReader['run'], signal: AbortSignal): Promise<void> {
    await runner.untilFree();
    const entries = await read(run);
    const readAtMs = clock.monotonicMs();
    for (const entry of entries) await runner.take(entry);
    const earlyMs = readAtMs + READ_EVERY_MS - clock.monotonicMs();
    if (entries.length > 0 && earlyMs > 0) await sleep(earlyMs, signal);
  }

  return {
    async start() {
      if (concurrency < 1) throw new RangeError('concurrency must be at least 1');
      loop.start();
    },
    async drain() {
      await loop.drain();
      await runner.untilIdle();
    },
    async stop() {
      runner.abort();
      await loop.stop();
      await runner.untilIdle();
    },
    silentForMs: loop.silentForMs,
  };
}

/**
 * Ids start with Redis' time at the write. If Redis' clock was set back, entries appear to be from the future: they
 * are new.
 */
function withAges(
  entries: readonly StreamEntry[],
  time: readonly (number | string)[],
  readAtMs: number,
): ReadEntry[] {
  const nowMs = redisTimeMs(time);
  return entries.map((entry) => {
    const ageMs = Math.max(0, nowMs - Number.parseInt(entry.id, 10));
    return { ...entry, ageMs, readAtMs };
  });
}
