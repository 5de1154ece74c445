/** One step of a write. Of several on the same key the last one counts. */
export type Change = { put: string; value: Uint8Array } | { delete: string };

export type Entry = [key: string, value: Uint8Array<ArrayBuffer>];

export type ListOptions = {
  /** Goes on behind this key (exclusive), in the direction of travel: with `reverse` the keys below it. */
  after?: string;
  /** At most so many entries; without it all there are. What grows with use is read in pages. */
  limit?: number;
  /** From the last key to the first. */
  reverse?: boolean;
};

/**
 * What a device remembers: bytes by key, in one place, with one writer. Opening takes an exclusive lock that the
 * operating system or the browser gives back when the process or tab dies; a second opener gets `StoreInUse`.
 *
 * Keys are 1 to 512 visible ASCII characters, sorted bytewise, their parts separated by `/`; numbers in keys are
 * padded with zeros (`sortable`). Values are at most 16 MiB. Both are copied on the way in and out.
 *
 * Calls take effect in the order in which they are made: a read that follows a write, awaited or not, sees it. A
 * call that fails has no effect, except with `StoreFailed`: then nobody knows, and the store has to be opened anew.
 * After `close` and `wipe` every call is refused with `StoreClosed`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Entries whose keys begin with `prefix`, in order. */
  list(prefix: string, options?: ListOptions): Promise<Entry[]>;
  /** All changes or none, also when the process is killed; durable (flushed to disk) once it resolves. */
  write(changes: readonly Change[]): Promise<void>;
  /** Waits for what is under way, then lets go of the lock. May be called twice. */
  close(): Promise<void>;
  /** Deletes everything, and closes. What the medium itself keeps of overwritten bytes is beyond our reach. */
  wipe(): Promise<void>;
}

/** Digits of the largest sequence of the protocol, 2^53 - 1. */
const SEQUENCE_DIGITS = 16;

/** A number from 0 to 2^53 - 1 as it has to stand in a key, so that keys sort like numbers. */
export function sortable(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0');
}
