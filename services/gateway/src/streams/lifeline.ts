import { type Directory, GATEWAY_HEARTBEAT_MS } from '@securechat/directory';
import type { Logger } from '@securechat/kernel';
import { ENTRY_FIELD, packEntry } from '@securechat/protocol/internal';
import type { Redis } from 'ioredis';
import type { OutReader } from './out-reader.ts';

/** Nobody writes to a stream that is gone, so this is how long a dead gateway is written to. */
const STREAM_LIVES_MS = 15_000;

export type Lifeline = {
  start(): Promise<void>;
  liveGateways(): readonly string[];
  /** No more writes to this gateway; it is no longer counted among the living. */
  stop(): Promise<void>;
};

/**
 * Keeps this gateway's place in Redis: its out stream, and its heartbeat among the gateways. Notices when Redis was
 * emptied or entries were lost, and calls `onLoss`, after which every connection registers and catches up again.
 */
export function createLifeline(parts: {
  redis: Redis;
  directory: Directory;
  gatewayId: string;
  stream: string;
  reader: OutReader;
  onLoss(): void;
  logger: Logger;
}): Lifeline {
  const { redis, directory, gatewayId, stream, reader, logger } = parts;
  let live: string[] = [gatewayId];
  let timer: NodeJS.Timeout | undefined;
  let isBeating = false;
  /** Redis' name for this start of itself. */
  let runId: string | undefined;

  async function makeStream(): Promise<void> {
    // An empty packed entry: the stream exists from now on, and the reader finds nothing in it.
    await redis.xadd(stream, '*', ENTRY_FIELD, Buffer.from(packEntry([]).buffer));
    await redis.pexpire(stream, STREAM_LIVES_MS);
  }

  async function beat(): Promise<void> {
    live = await directory.heartbeat(gatewayId);
    const isThere = (await redis.pexpire(stream, STREAM_LIVES_MS)) === 1;
    const lastRunId = runId;
    runId = await readRunId();
    if (!isThere) {
      logger.warn({}, 'Redis lost this gateway; registering everything again');
      reader.restart();
      await makeStream();
      return parts.onLoss();
    }
    if (runId !== lastRunId) {
      logger.warn({}, 'Redis was started again and may have lost the newest; registering everything again');
      parts.onLoss();
    }
    await checkForLoss();
    await redis.xtrim(stream, 'MINID', reader.position().lastId);
  }

  /** Another one means: a Redis that was killed, or a replica that took over, lacks what was not yet passed on to it. */
  async function readRunId(): Promise<string | undefined> {
    return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
  }

  /**
   * Redis counts all entries ever added. If we have read up to the newest one and have seen fewer, some were trimmed
   * before we read them.
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

  function beatSafely(): void {
    if (isBeating) return;
    isBeating = true;
    beat()
      .catch((err: unknown) => logger.warn({ err }, 'heartbeat failed; trying again'))
      .finally(() => {
        isBeating = false;
      });
  }

  return {
    async start() {
      await makeStream();
      live = await directory.heartbeat(gatewayId);
      runId = await readRunId();
      timer = setInterval(beatSafely, GATEWAY_HEARTBEAT_MS);
    },
    liveGateways: () => live,
    async stop() {
      clearInterval(timer);
      const left = Promise.all([redis.del(stream), directory.leave(gatewayId)]);
      await left.catch((err: unknown) => logger.debug({ err }, 'place in Redis not given up; it expires'));
    },
  };
}
