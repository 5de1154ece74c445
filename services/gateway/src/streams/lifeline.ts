import { type Directory, GATEWAY_HEARTBEAT_MS } from '@securechat/directory';
import {
  createBackoff,
  idBehind,
  isRedisDown,
  type Logger,
  type RedisClient,
  repeatEvery,
  runsOf,
} from '@securechat/kernel';
import { ENTRY_FIELD, packEntry } from '@securechat/protocol/internal';
import type { OutReader } from './out-reader.ts';

/** Nobody writes to a stream that has expired, so this is how long a dead gateway is written to. */
const STREAM_LIVES_MS = 15_000;

export type Lifeline = {
  /** Resolves once this gateway is registered in Redis, however long that takes, or when `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
  liveGateways(): readonly string[];
  /** No more writes to this gateway; it no longer counts as live. */
  stop(): Promise<void>;
};

/**
 * Keeps this gateway's place in Redis: its out stream, and its heartbeat. Detects that Redis was emptied or entries
 * were lost, and then calls `onLoss`, after which every connection registers and catches up again.
 */
export function createLifeline(parts: {
  redis: RedisClient;
  directory: Directory;
  gatewayId: string;
  stream: string;
  reader: OutReader;
  onLoss(): void;
  logger: Logger;
  beatEveryMs?: number;
}): Lifeline {
  const { redis, directory, gatewayId, stream, reader, logger } = parts;
  const { beatEveryMs = GATEWAY_HEARTBEAT_MS } = parts;
  let live: string[] = [gatewayId];
  let beating: { stop(): Promise<void> } | undefined;
  /** The run ids of the servers that hold what we have told Redis. */
  let runs: string | undefined;

  async function makeStream(): Promise<void> {
    // An empty packed entry: the stream exists from now on, and the reader finds nothing in it.
    await redis.xadd(stream, '*', ENTRY_FIELD, Buffer.from(packEntry([]).buffer));
    await redis.pexpire(stream, STREAM_LIVES_MS);
  }

  async function beat(): Promise<void> {
    live = await directory.heartbeat(gatewayId);
    const isThere = (await redis.pexpire(stream, STREAM_LIVES_MS)) === 1;
    const lastRuns = runs;
    runs = await readRuns();
    if (!isThere) {
      logger.warn({}, 'Redis lost this gateway; registering everything again');
      reader.restart();
      await makeStream();
      return parts.onLoss();
    }
    if (runs !== lastRuns) {
      logger.warn(
        {},
        'Redis was started again or replaced and may have lost the newest; registering everything again',
      );
      parts.onLoss();
    }
    await checkForLoss();
    await redis.xtrim(stream, 'MINID', idBehind(reader.position().lastId));
  }

  const readRuns = (): Promise<string> => runsOf(redis, [stream, ...directory.keys]);

  /**
   * Redis counts all entries ever added. If we have read up to the newest and have seen fewer, some were trimmed
   * unread.
   */
  async function checkForLoss(): Promise<void> {
    const facts = (await redis.call('XINFO', ['STREAM', stream])) as unknown[];
    const fact = (name: string): string => String(facts[facts.indexOf(name) + 1]);
    const { lastId, count } = reader.position();
    if (fact('last-generated-id') !== lastId || Number(fact('entries-added')) === count) return;
    logger.warn({ added: Number(fact('entries-added')), read: count }, 'entries of the out stream were lost');
    reader.setCount(Number(fact('entries-added')));
    parts.onLoss();
  }

  return {
    async start(signal) {
      const backoff = createBackoff({ baseMs: 100, capMs: GATEWAY_HEARTBEAT_MS });
      while (!signal.aborted) {
        try {
          await makeStream();
          live = await directory.heartbeat(gatewayId);
          runs = await readRuns();
          beating = repeatEvery(beatEveryMs, beat, (err) =>
            logger.warn({ err }, 'heartbeat failed; trying again'),
          );
          return;
        } catch (err) {
          if (!isRedisDown(err)) throw err;
          logger.warn({ err }, 'no place in Redis yet; trying again');
          await backoff.wait(signal);
        }
      }
    },
    liveGateways: () => live,
    async stop() {
      // a beat that is under way would make the stream again
      await beating?.stop();
      const left = Promise.all([redis.del(stream), directory.leave(gatewayId)]);
      await left.catch((err: unknown) => logger.debug({ err }, 'place in Redis not given up; it expires'));
    },
  };
}
