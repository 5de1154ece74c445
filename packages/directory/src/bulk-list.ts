import {
  BLOCK_MS,
  createComplaints,
  createLoop,
  type Logger,
  openBlockingReader,
  type RedisClient,
  systemClock,
} from '@securechat/kernel';
import {
  type BulkReply,
  type Packed,
  packEntry,
  type StreamNames,
  unpackEntry,
} from '@securechat/protocol/internal';
import { bulkPushScript } from './scripts.ts';

/** Each holds up to 256 KiB, so a gateway that has stopped reading has at most 16 MiB queued. */
const MAX_ANSWERS = 64;
/** The asking gateway has given up by then. */
const FORGOTTEN_AFTER_MS = 15_000;

export type BulkList = {
  /** False when too many are queued for that gateway already. Rejects while Redis is down. */
  send(gateway: string, reply: Packed<BulkReply>): Promise<boolean>;
};

/** Answers too large for the message streams: file chunks. They may get lost, and are asked for again. */
export function createBulkList(redis: RedisClient, streams: StreamNames): BulkList {
  return {
    async send(gateway, reply) {
      const entry = Buffer.from(packEntry([reply]).buffer);
      const args = [MAX_ANSWERS, FORGOTTEN_AFTER_MS, entry];
      return (await bulkPushScript.run(redis, [streams.bulk(gateway)], args)) === 1;
    },
  };
}

/** Reads the answers from a gateway's list as they arrive. */
export function openBulkReader(parts: {
  redisUrl: string;
  list: string;
  onReply(reply: Packed<BulkReply>): void;
  logger: Logger;
}): { start(): void; stop(): Promise<void> } {
  const reader = openBlockingReader(parts.redisUrl, { name: 'bulk' });
  const loop = createLoop({
    step,
    onFailure: createComplaints({
      what: 'list of large answers not readable; trying again',
      clock: systemClock,
      logger: parts.logger,
    }),
  });

  async function step(): Promise<void> {
    const reply = (await reader.run((redis) => redis.callBuffer('BLPOP', [parts.list, BLOCK_MS / 1000]))) as
      | [Buffer, Buffer]
      | null;
    for (const packed of reply ? unpackEntry<BulkReply>(reply[1]) : []) parts.onReply(packed);
  }

  return {
    start: loop.start,
    async stop() {
      const stopped = loop.stop();
      reader.close();
      await stopped;
    },
  };
}
