import type { ClientBase } from 'pg';

/** A connection, or a pool. */
export type Queryable = Pick<ClientBase, 'query'>;

/** A chunk's place: the number of its file, and its index there. */
export type ChunkKey = { file: number; index: number };
/** One that is in the ledger. `object`: what holds its bytes in the bucket; null for those in Postgres. */
export type StoredChunk = ChunkKey & { object: string | null };

/**
 * Where the bytes of chunks are. Which of them count is not its business: that is in the ledger, whose row `record`
 * writes.
 */
export type BlobStore = {
  /**
   * Keeps the bytes, and runs `record` such that they are there for everybody who sees what it wrote. What `record`
   * resolves with is passed on; with false, nothing is kept.
   */
  put(
    chunk: ChunkKey,
    bytes: Buffer,
    record: (db: Queryable, object: string | null) => Promise<boolean>,
  ): Promise<boolean>;
  /** Rejects when they are not there. */
  get(chunk: StoredChunk): Promise<Buffer>;
  /** Everything of one file, whose chunks are still in the ledger; may be repeated. */
  remove(file: number): Promise<void>;
  /** Deletes bytes that the ledger does not know. Resolves with how many chunks that were. */
  removeOrphans(signal: AbortSignal): Promise<number>;
};
