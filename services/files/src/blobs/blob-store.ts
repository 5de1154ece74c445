import type { ClientBase } from 'pg';

/** A connection, or a pool. */
export type Queryable = Pick<ClientBase, 'query'>;

/** A chunk's place: the number of its file, its index there and the hash of its bytes. */
export type ChunkKey = { file: number; index: number; sha256: Buffer };

/**
 * Where the bytes of chunks are. Which of them count is not its business: that is in the ledger, whose row `record`
 * writes.
 */
export type BlobStore = {
  /**
   * Keeps the bytes, and runs `record` such that they are there for everybody who sees what it wrote. What `record`
   * resolves with is passed on; with false, nothing is kept.
   */
  put(chunk: ChunkKey, bytes: Buffer, record: (db: Queryable) => Promise<boolean>): Promise<boolean>;
  /** Rejects when they are not there. */
  get(chunk: ChunkKey): Promise<Buffer>;
  /** Everything of one file; may be repeated. */
  remove(file: number): Promise<void>;
  /** The numbers of files of which there are bytes, and no row in the ledger. At most so many. */
  orphans(limit: number): Promise<number[]>;
};
