/** One change of a write. The last one for a key wins. */
export type Change = { put: string; value: Uint8Array } | { delete: string };

export type Entry = [key: string, value: Uint8Array<ArrayBuffer>];

export type ListOptions = {
  /** Continues after this key (exclusive) in iteration order: with `reverse`, at the keys below it. */
  after?: string;
  /** Maximum number of entries; default all. Read in pages whatever grows with use. */
  limit?: number;
  /** From the last key to the first. */
  reverse?: boolean;
};

/**
 * A device's persistent memory: bytes by key, with one writer. Opening takes an exclusive lock, which the operating system or the
 * browser releases when the process or tab dies; a second opener gets `StoreInUse`.
 *
 * Keys are 1 to 512 visible ASCII characters, sorted bytewise, their parts separated by `/`; numbers in keys are zero-padded
 * (`sortable`). Values are at most 16 MiB. Both are copied on the way in and out.
 *
 * Calls take effect in call order: a read after a write sees it, whether or not that was awaited. A failed call has no effect,
 * except with `StoreFailed`: then the outcome is unknown, and the store has to be opened anew. After `close` or `wipe` every call
 * rejects with `StoreClosed`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Entries whose keys start with `prefix`, in order. */
  list(prefix: string, options?: ListOptions): Promise<Entry[]>;
  /** All changes or none, even if the process is killed; durable (flushed to disk) when it resolves. */
  write(changes: readonly Change[]): Promise<void>;
  /** Waits for pending calls, then releases the lock. May be called twice. */
  close(): Promise<void>;
  /** Deletes everything, and closes. Cannot control what the medium keeps of overwritten bytes. */
  wipe(): Promise<void>;
}

/** Digits of the protocol's largest sequence number, 2^53 - 1. */
const SEQUENCE_DIGITS = 16;

/** A number from 0 to 2^53 - 1, padded so that keys sort numerically. */
export function sortable(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0');
}
