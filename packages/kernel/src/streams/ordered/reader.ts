import { sleep } from '../../clock.ts';
import { parseRedisUrl, slotTagOf } from '../../redis-address.ts';
import {
  BLOCK_MS,
  createSlotReader,
  type Position,
  type ReaderParts,
  type Reading,
  type SlotReader,
} from './slot-reader.ts';

/** A read is a little late as well. */
const MOST_WAIT_MS = BLOCK_MS + 50;

export type StreamReader = {
  /**
   * What there is at once, or what comes first. Empty after 300 ms of silence, and while Redis is away. Not for two
   * calls at once.
   */
  read(positions: readonly Position[]): Promise<Reading>;
  /** Nothing that was asked for last was answered. A cluster of which one node answers is there. */
  isFailing(): boolean;
  close(): void;
};

/**
 * Reads all partitions of this process: at a single server with one XREAD, so that whatever is ready makes one wake-up,
 * one transaction and one commit. A node of a cluster answers for one slot at a time, so there each slot has a read and
 * a connection of its own; those that have nothing yet go on waiting while the others' entries are dealt with, and one whose
 * node is away holds up nobody else.
 */
export function createStreamReader(parts: ReaderParts): StreamReader {
  const isCluster = parseRedisUrl(parts.redisUrl).kind === 'cluster';
  const slots = new Map<string, SlotReader>();

  function slotOf(tag: string): SlotReader {
    const slot = slots.get(tag) ?? createSlotReader(parts);
    slots.set(tag, slot);
    return slot;
  }

  function closeAllBut(wanted: ReadonlyMap<string, unknown>): void {
    for (const [tag, slot] of slots) {
      if (wanted.has(tag)) continue;
      slot.close();
      slots.delete(tag);
    }
  }

  return {
    async read(positions) {
      const bySlot = Map.groupBy(positions, ({ stream }) => (isCluster ? slotTagOf(stream) : ''));
      closeAllBut(bySlot);
      const reads = [...bySlot].map(([tag, wanted]) => slotOf(tag).read(wanted));
      // a read ends by itself; one that is alone needs no timer beside it
      await (reads.length === 1 ? reads[0] : firstOf(reads));
      const readings = [...slots.values()].map((slot) => slot.take());
      return {
        entries: readings.flatMap(({ entries }) => entries),
        reborn: readings.flatMap(({ reborn }) => reborn),
      };
    },
    isFailing: () => slots.size > 0 && [...slots.values()].every((slot) => slot.isFailing()),
    close: () => closeAllBut(new Map()),
  };
}

/** Resolves with the first that is true, or when none is or the time is over. */
async function firstOf(reads: readonly Promise<boolean>[]): Promise<void> {
  const { promise: found, resolve } = Promise.withResolvers<void>();
  for (const read of reads) void read.then((isThere) => isThere && resolve());
  const over = new AbortController();
  await Promise.race([found, Promise.all(reads), sleep(MOST_WAIT_MS, over.signal)]);
  over.abort();
}
