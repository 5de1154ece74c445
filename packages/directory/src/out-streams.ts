import type { RedisClient } from '@securechat/kernel';
import {
  ENTRY_FIELD,
  type OutRecord,
  type Packed,
  packEntry,
  type StreamNames,
} from '@securechat/protocol/internal';

/** A gateway reads far faster than this fills up; what is trimmed unread, mailbox sequences repair. */
const MAX_ENTRIES = 20_000;
/** Keeps single Redis values and the gateways' turns small. */
const MAX_ENTRY_BYTES = 256 * 1024;

export type OutStreams = {
  /**
   * Writes records to a gateway's stream, packed into as few entries as their size allows. Resolves with false
   * when the gateway is gone: its stream is never created by others, so a stale route shows itself here.
   */
  send(gateway: string, records: readonly Packed<OutRecord>[]): Promise<boolean>;
};

export function createOutStreams(redis: RedisClient, streams: StreamNames): OutStreams {
  return {
    async send(gateway, records) {
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
    },
  };
}

function slices(records: readonly Packed<OutRecord>[]): Packed<OutRecord>[][] {
  const result: Packed<OutRecord>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    if (bytes + record.body.length > MAX_ENTRY_BYTES) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)?.push(record);
    bytes += record.body.length;
  }
  return result;
}
