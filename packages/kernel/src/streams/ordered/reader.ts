import type { Redis } from 'ioredis';
import { type BlockingReader, openBlockingReader } from '../../blocking-reader.ts';
import { compareEntryIds, FIRST_ENTRY_ID } from './entry-id.ts';

export type StreamEntry = { stream: string; id: string; body: Buffer };
export type Position = { stream: string; lastId: string };

/** Short, so that a partition taken over meanwhile is read soon; an empty read costs about 0.2 ms of CPU. */
const BLOCK_MS = 250;
/** Per stream and read. Entries are packed, so this is many records. */
const COUNT = 64;

export type StreamReader = {
  /** What stands after the positions, oldest first within each stream. Empty after 250 ms of silence. */
  read(positions: readonly Position[]): Promise<StreamEntry[]>;
  /**
   * Streams that are gone or younger than our position: Redis was emptied or fell back to an older copy. A reader
   * would wait there for ever, because new ids may be smaller than its own.
   */
  reborn(positions: readonly Position[]): Promise<string[]>;
  close(): void;
};

/** One XREAD over all partitions of this process: a wake-up, a transaction and a commit for whatever is ready. */
export function createStreamReader(url: string, name: string): StreamReader {
  const reader: BlockingReader = openBlockingReader(url, { name });
  return {
    read: (positions) =>
      reader.run(async (redis) => {
        const reply = (await redis.callBuffer('XREAD', [
          'COUNT',
          COUNT,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          ...positions.map((position) => position.stream),
          ...positions.map((position) => position.lastId),
        ])) as XreadReply | null;
        return (reply ?? []).flatMap(([stream, entries]) =>
          entries.map(([id, fields]) => ({
            stream: stream.toString('latin1'),
            id: id.toString('latin1'),
            // An entry has one field; a foreign one without it is an empty body, which nobody can decode.
            body: fields[1] ?? Buffer.alloc(0),
          })),
        );
      }),

    reborn: (positions) =>
      reader.run(async (redis) => {
        const started = positions.filter((position) => position.lastId !== FIRST_ENTRY_ID);
        const newest = await Promise.all(started.map((position) => lastGeneratedId(redis, position.stream)));
        return started
          .filter((position, index) => compareEntryIds(newest[index] ?? FIRST_ENTRY_ID, position.lastId) < 0)
          .map((position) => position.stream);
      }),

    close: () => reader.close(),
  };
}

type XreadReply = [stream: Buffer, entries: [id: Buffer, fields: Buffer[]][]][];

async function lastGeneratedId(redis: Redis, stream: string): Promise<string> {
  try {
    const facts = (await redis.call('XINFO', ['STREAM', stream])) as unknown[];
    return String(facts[facts.indexOf('last-generated-id') + 1]);
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return FIRST_ENTRY_ID;
    throw error;
  }
}
