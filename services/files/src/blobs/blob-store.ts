import type { ClientBase } from 'pg';

/** A connection, or a pool. */
export type Queryable = Pick<ClientBase, 'query'>;

/** A chunk's position: the number of its file, and its index there. */
export type ChunkKey = { file: number; index: number };
/** A chunk in the ledger. `object`: the bucket object with its bytes; null for those in Postgres. */
export type StoredChunk = ChunkKey & { object: string | null };

/** Where chunk bytes are kept. Which chunks count is decided by the ledger, whose row `record` writes. */
export type BlobStore = {
  /**
   * Stores the bytes, and runs `record` such that they are visible to everyone who sees what it wrote. Resolves with
   * the result of `record`; with false, nothing is kept.
   */
  put(
    chunk: ChunkKey,
    bytes: Buffer,
    record: (db: Queryable, object: string | null) => Promise<boolean>,
  ): Promise<boolean>;
  /** Rejects when they are missing. */
  get(chunk: StoredChunk): Promise<Buffer>;
  /** Removes all bytes of one file, whose chunks are still in the ledger; idempotent. */
  remove(file: number): Promise<void>;
  /** Deletes bytes that the ledger does not know. Resolves with the number of chunks. */
  removeOrphans(signal: AbortSignal): Promise<number>;
};
