import type { Client } from 'pg';

/** A record of a packed entry, and where it came from. */
export type StreamRecord<R> = { stream: string; entryId: string; value: R };

/** What a service provides to an ordered consumer. */
export type OrderedHandler<R> = {
  /** Splits an entry into records. A throw parks the entry as a dead letter. */
  decode(entry: Buffer): R[];
  /** The bytes of one record, for a dead letter. */
  encode(record: R): Buffer;
  /** Resolves when another batch may start: committed batches must not pile up unpublished. */
  room?(): Promise<void>;
  /**
   * Reads and decides, inside the transaction. Has no effect until `write`. A data error (SQLSTATE 22, 23, or a
   * PoisonError) means that some record can never succeed.
   */
  process(client: Client, records: StreamRecord<R>[]): Promise<Processed>;
  /**
   * Takes the locks that all these records need, in the global lock order. Called before records are processed one by
   * one, which would take them in record order. A data error leaves it undone.
   */
  lock?(client: Client, records: StreamRecord<R>[]): Promise<void>;
  /** What to tell whom about a parked record. */
  parked(record: R): Processed;
  /** Repeats the announcements of a batch whose owner may have died before making them. */
  announce(touched: number[]): void;
};

export type Processed = {
  /**
   * Sends all writes at once, unless `takesTurns`, and resolves when they are done. Called once, inside the same
   * transaction.
   */
  write(): Promise<unknown>;
  /** Some writes depend on the results of others: cursors and COMMIT are not sent before `write` has resolved. */
  takesTurns?: boolean;
  /** Numbers to keep with each stream's cursor, for `announce`. */
  touched: ReadonlyMap<string, readonly number[]>;
  /** After COMMIT. Must not throw, and must not wait for anything beyond handing over. */
  publish(): void;
};
