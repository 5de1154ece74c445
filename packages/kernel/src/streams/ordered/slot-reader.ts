import type { Redis } from 'ioredis';
import { createBackoff } from '../../backoff.ts';
import { type BlockingReader, openBlockingReader } from '../../blocking-reader.ts';
import { systemClock } from '../../clock.ts';
import { classify, type ErrorClass } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { compareEntryIds, FIRST_ENTRY_ID } from './entry-id.ts';

export type StreamEntry = { stream: string; id: string; body: Buffer };
export type Position = { stream: string; lastId: string };

export type Reading = {
  /** The entries after the positions, oldest first within each stream. */
  entries: StreamEntry[];
  /**
   * Streams that are gone or younger than our position: Redis was emptied or fell back to an older copy. A reader
   * would wait there for ever, because new ids may be smaller than its own.
   */
  reborn: string[];
};

const NOTHING: Reading = { entries: [], reborn: [] };

/** Short, so that a partition taken over meanwhile is read soon; an empty read costs about 0.2 ms of CPU. */
export const BLOCK_MS = 250;
/** Per stream and read. Entries are packed, so this is many records. */
const COUNT = 64;
/** Not only in silence: one busy stream must not hide another that was recreated. */
const REBORN_EVERY_MS = 1000;

export type SlotReader = {
  /** Resolves with whether there is something to take: after at most 250 ms, or after the pause that follows a failure. */
  read(positions: readonly Position[]): Promise<boolean>;
  /** What was read, once. Nothing if it was read from other positions than the last requested ones. */
  take(): Reading;
  /** The last finished read got no answer. */
  isFailing(): boolean;
  close(): void;
};

type Read = { from: string; hasEnded: boolean; reading: Reading; isThere: Promise<boolean> };

export type ReaderParts = {
  redisUrl: string;
  /** Shown by CLIENT LIST. */
  name: string;
  logger: Logger;
  onFailure(kind: ErrorClass): void;
};

/**
 * Reads the streams of one slot on its own connection. Retries failures with delays growing to a second.
 *
 * Not a `ReadLoop`: it reads only when asked, from positions that change with each commit, and a read may outlast the
 * question.
 */
export function createSlotReader({ redisUrl, name, logger, onFailure }: ReaderParts): SlotReader {
  const reader: BlockingReader = openBlockingReader(redisUrl, { name });
  const ending = new AbortController();
  const backoff = createBackoff({ baseMs: 50, capMs: 1000 });
  let trouble: ErrorClass | undefined;
  let checkedRebornAt = Number.NEGATIVE_INFINITY;
  let wanted = '';
  let last: Read | undefined;

  function begin(from: string, positions: readonly Position[]): Read {
    const read: Read = { from, hasEnded: false, reading: NOTHING, isThere: Promise.resolve(false) };
    read.isThere = attempt(positions).then((reading) => {
      read.hasEnded = true;
      read.reading = reading;
      return from === wanted && reading.entries.length + reading.reborn.length > 0;
    });
    return read;
  }

  async function attempt(positions: readonly Position[]): Promise<Reading> {
    try {
      const isDue = systemClock.monotonicMs() - checkedRebornAt >= REBORN_EVERY_MS;
      const reading = await reader.run((redis) => ask(redis, positions, isDue));
      if (isDue) checkedRebornAt = systemClock.monotonicMs();
      if (trouble !== undefined) logger.info({}, 'streams readable again');
      trouble = undefined;
      backoff.reset();
      return reading;
    } catch (err) {
      if (ending.signal.aborted) return NOTHING;
      const streams = positions.map(({ stream }) => stream);
      const kind = classify(err);
      const level = kind === 'retryable' ? 'warn' : 'error';
      if (kind !== trouble) logger[level]({ err, streams }, 'streams unreadable; trying again');
      trouble = kind;
      onFailure(kind);
      // what comes back may have come back empty
      checkedRebornAt = Number.NEGATIVE_INFINITY;
      await backoff.wait(ending.signal);
      return NOTHING;
    }
  }

  return {
    read(positions) {
      wanted = positions.map(({ stream, lastId }) => `${stream} ${lastId}`).join();
      // a read in flight from other positions must end first
      if (!last || (last.hasEnded && last.from !== wanted)) last = begin(wanted, positions);
      return last.isThere;
    },
    take() {
      if (!last?.hasEnded) return NOTHING;
      const { from, reading } = last;
      last = undefined;
      return from === wanted ? reading : NOTHING;
    },
    isFailing: () => trouble !== undefined,
    close() {
      ending.abort();
      reader.close();
    },
  };
}

/** The queries are sent together; the read, which may block, is the last. */
async function ask(redis: Redis, positions: readonly Position[], asksForReborn: boolean): Promise<Reading> {
  const started = positions.filter(({ lastId }) => asksForReborn && lastId !== FIRST_ENTRY_ID);
  const newest = started.map(({ stream }) => lastGeneratedId(redis, stream));
  const [entries, ...newestIds] = await Promise.all([readEntries(redis, positions), ...newest]);
  const reborn = started
    .filter(({ lastId }, index) => compareEntryIds(newestIds[index] ?? FIRST_ENTRY_ID, lastId) < 0)
    .map(({ stream }) => stream);
  return { entries: entries.filter(({ stream }) => !reborn.includes(stream)), reborn };
}

type XreadReply = [stream: Buffer, entries: [id: Buffer, fields: Buffer[]][]][];

async function readEntries(redis: Redis, positions: readonly Position[]): Promise<StreamEntry[]> {
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
}

async function lastGeneratedId(redis: Redis, stream: string): Promise<string> {
  try {
    const facts = (await redis.call('XINFO', ['STREAM', stream])) as unknown[];
    return String(facts[facts.indexOf('last-generated-id') + 1]);
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return FIRST_ENTRY_ID;
    throw error;
  }
}
