import { gatherCalls, type RedisClient } from '@securechat/kernel';
import {
  ENTRY_FIELD,
  type OutRecord,
  type Packed,
  packEntry,
  type StreamNames,
} from '@securechat/protocol/internal';

/** A gateway reads far faster than this fills up; mailbox sequences repair what is trimmed unread. */
const MAX_ENTRIES = 20_000;
/** Keeps single Redis values and the gateways' event-loop turns small. */
const MAX_ENTRY_BYTES = 256 * 1024;
/** Approximate size of a mark in JSON. */
const MARK_BYTES = 128;
/** Answers per call, and concurrent calls; nothing more is sent to a Redis that does not answer. */
const REPLIES = { most: 256, atOnce: 4 };

export type OutStreams = {
  /**
   * Writes records to a gateway's stream, packed into as few entries as their size allows. Resolves with false when
   * the gateway is gone: nobody else creates its stream, so a stale route is noticed here.
   */
  send(gateway: string, records: readonly Packed<OutRecord>[]): Promise<boolean>;
  /** Answers a gateway's question. Concurrent answers share entries. */
  reply(gateway: string, correlation: string, body: Uint8Array): Promise<void>;
};

type Reply = { gateway: string; record: Packed<OutRecord> };

export function createOutStreams(redis: RedisClient, streams: StreamNames): OutStreams {
  async function send(gateway: string, records: readonly Packed<OutRecord>[]): Promise<boolean> {
    const ids = await Promise.all(
      slices(records).map((slice) =>
        redis.xadd(
          streams.out(gateway),
          'NOMKSTREAM',
          'MAXLEN',
          '~',
          MAX_ENTRIES,
          '*',
          ENTRY_FIELD,
          Buffer.from(packEntry(slice).buffer),
        ),
      ),
    );
    return ids.every((id) => id !== null);
  }

  /** One gateway's entry may fail without the others. */
  async function replyAll(replies: readonly Reply[]): Promise<Promise<boolean>[]> {
    const byGateway = Map.groupBy(replies, ({ gateway }) => gateway);
    const sent = new Map(
      [...byGateway].map(([gateway, own]) => [
        gateway,
        send(
          gateway,
          own.map(({ record }) => record),
        ),
      ]),
    );
    await Promise.allSettled(sent.values());
    return replies.map(({ gateway }) => sent.get(gateway) ?? Promise.resolve(false));
  }
  const gather = gatherCalls(replyAll, REPLIES);

  return {
    send,
    async reply(gateway, correlation, body) {
      await gather({ gateway, record: { head: { kind: 'reply', correlation }, body } });
    },
  };
}

/** Only this head grows with its content: a member's marks go to many devices. */
const sizeOf = ({ head, body }: Packed<OutRecord>): number =>
  body.length + (head.kind === 'receipts' ? head.marks.length * MARK_BYTES : 0);

function slices(records: readonly Packed<OutRecord>[]): Packed<OutRecord>[][] {
  const result: Packed<OutRecord>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    if (bytes + sizeOf(record) > MAX_ENTRY_BYTES) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)?.push(record);
    bytes += sizeOf(record);
  }
  return result;
}
