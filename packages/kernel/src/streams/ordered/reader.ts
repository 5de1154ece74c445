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

/** Allows for a read that ends a little late. */
const MOST_WAIT_MS = BLOCK_MS + 50;

export type StreamReader = {
  /**
   * Whatever is available at once, or the first to arrive. Empty after 300 ms of silence, and while Redis is down.
   * Not for concurrent calls.
   */
  read(positions: readonly Position[]): Promise<Reading>;
  /** Nothing in the last read was answered. A cluster counts as up if one node answers. */
  isFailing(): boolean;
  close(): void;
};

/**
 * Reads all partitions of this process: from a single server with one XREAD, so that whatever is ready makes one
 * wake-up, one transaction and one commit. A cluster node answers for one slot at a time, so there each slot has its
 * own read and connection; slots without entries keep waiting while others' entries are processed, and one whose node
 * is down delays no other.
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
      // a read ends by itself; a single one needs no extra timer
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

/** Resolves with the first that is true, or when none is or the time is up. */
async function firstOf(reads: readonly Promise<boolean>[]): Promise<void> {
  const { promise: found, resolve } = Promise.withResolvers<void>();
  for (const read of reads) void read.then((isThere) => isThere && resolve());
  const over = new AbortController();
  await Promise.race([found, Promise.all(reads), sleep(MOST_WAIT_MS, over.signal)]);
  over.abort();
}
