import { BLOCK_MS, openBlockingReader } from '../blocking-reader.ts';
import { type Clock, sleep } from '../clock.ts';
import { createComplaints } from '../complaints.ts';
import type { Logger } from '../logger.ts';
import { createLoop } from '../loop.ts';
import type { Metrics } from '../metrics.ts';
import { redisTimeMs } from '../redis-time.ts';
import { createGroups, isNoGroup } from './consumer-group.ts';
import {
  createRequestRunner,
  type ReadEntry,
  type RequestHandling,
  type RequestRunner,
} from './request-runner.ts';
import { parseEntries, type StreamEntry } from './stream-entries.ts';

export type RequestConsumerOptions = RequestHandling & {
  url: string;
  /** Read together; a Redis Cluster wants them in one slot. */
  streams: readonly string[];
  group: string;
  /** May be the same in all processes: nothing is kept per consumer. A name per process would pile up in Redis. */
  consumer: string;
  /** Most handlers at once; nothing is read while all are busy. */
  concurrency: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
};

export type RequestConsumer = {
  /** Resolves at once; Redis may be away, and is waited for. */
  start(): Promise<void>;
  /** Reads no more (which may take a second) and finishes what was read. */
  drain(): Promise<void>;
  /** At once; running handlers see their signal abort and are not waited for. */
  stop(): Promise<void>;
  /** Milliseconds since Redis last answered: above 5,000 something is wrong. */
  silentForMs(): number;
};

/** Bounds the memory of one read. */
const MOST_PER_READ = 128;
/** From one that brought something to the next: what comes meanwhile shares a read, and what is looked up and answered for it. */
const READ_EVERY_MS = 10;

/**
 * Answers requests from streams through a consumer group without acknowledgement: each request is taken by one
 * process, at most once, because whoever asks has a deadline and asks again. An entry that was read when the process
 * dies is gone. Redis coming back empty is normal: the group is made again.
 */
export function createRequestConsumer(options: RequestConsumerOptions): RequestConsumer {
  const { url, streams, group, consumer, concurrency, clock, logger } = options;
  const reader = openBlockingReader(url, { name: `${group}-requests` });
  const runner: RequestRunner = createRequestRunner(options);
  const warn = createComplaints({ what: 'request streams unreadable', facts: { group }, clock, logger });
  const loop = createLoop({
    step,
    onFailure(err) {
      if (isNoGroup(err)) hasGroups = false;
      else warn(err);
    },
    onRecovery: () => logger.info({ group }, 'request streams readable again'),
  });
  let hasGroups = false;

  async function read(): Promise<ReadEntry[]> {
    if (!hasGroups) {
      await reader.run((redis) => createGroups(redis, streams, group));
      hasGroups = true;
    }
    // COUNT is per stream, and at least one: what exceeds the free places waits in `take`
    const perStream = Math.max(1, Math.min(MOST_PER_READ, Math.floor(runner.freePlaces() / streams.length)));
    const place = ['GROUP', group, consumer, 'COUNT', perStream, 'BLOCK', BLOCK_MS, 'NOACK', 'STREAMS'];
    const ids = streams.map(() => '>');
    return reader.run(async (redis) => {
      // the second is sent with the first, and answered when that is
      const [reply, time] = await Promise.all([
        redis.callBuffer('XREADGROUP', [...place, ...streams, ...ids]),
        redis.time(),
      ]);
      return withAges(parseEntries(reply), time, clock.monotonicMs());
    });
  }

  async function step(signal: AbortSignal): Promise<void> {
    await runner.untilFree();
    const entries = await read();
    const readAtMs = clock.monotonicMs();
    for (const entry of entries) await runner.take(entry);
    const earlyMs = readAtMs + READ_EVERY_MS - clock.monotonicMs();
    if (entries.length > 0 && earlyMs > 0) await sleep(earlyMs, signal);
  }

  async function drain(): Promise<void> {
    await loop.stop();
    await runner.untilIdle();
    reader.close();
  }

  return {
    async start() {
      if (concurrency < 1) throw new RangeError('concurrency must be at least 1');
      loop.start();
    },
    drain,
    async stop() {
      runner.abort();
      reader.close();
      await drain();
    },
    silentForMs: () => reader.silentForMs(),
  };
}

/** Ids begin with the time of Redis at the writing. A clock of Redis that was set back makes entries of the future: they are new. */
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
