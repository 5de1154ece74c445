import { BLOCK_MS, createReadLoop, type Logger, type ReadLoop, type RedisClient } from '@securechat/kernel';
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
}): Pick<ReadLoop, 'start' | 'stop'> {
  const { redisUrl, list, onReply, logger } = parts;
  return createReadLoop({
    redisUrl,
    name: 'bulk',
    what: 'list of large answers',
    async step(run) {
      const popped = await run((redis) => redis.callBuffer('BLPOP', [list, BLOCK_MS / 1000]));
      const [, entry] = (popped ?? []) as [list?: Buffer, entry?: Buffer];
      for (const reply of entry ? unpackEntry<BulkReply>(entry) : []) onReply(reply);
    },
    logger,
  });
}
