import { createHash } from 'node:crypto';
import { type Clock, type Logger, withTransaction } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import type { Pool } from 'pg';
import type { BlobStore, StoredChunk } from '../blobs/blob-store.ts';
import { FILE_COLUMNS, type FileRow } from '../store/file-row.ts';

/** A verifier that has not renewed for this long counts as dead, and another may take over. */
const LEASE_SECONDS = 30;
const RENEW_EVERY_MS = 5_000;
/** Each holds a chunk or two; hashing keeps a core busy, so more would not be faster. */
const MOST_AT_ONCE = 4;
/** Ledger rows held at once. */
const KEYS_AT_ONCE = 500;

type Claim = { size: number; sha256: Buffer };
export type Verdict = { file: FileRow; isGenuine: boolean };

export type Verifier = {
  /**
   * Compares a file with its owner's claim. Resolves with 'verifying' once started, or with 'complete' if the file
   * already is; `onVerdict` is called at the end. Throws a ProtocolError when chunks are missing.
   */
  begin(file: FileRow, claim: Claim): Promise<'verifying' | 'complete'>;
  stop(): Promise<void>;
};

/**
 * Reads back every chunk of a file and hashes the whole before anyone may download it. One process at a time works on
 * a file, under a lease in Postgres; if it dies, the next request starts over.
 */
export function createVerifier(parts: {
  pool: Pool;
  blobs: BlobStore;
  instance: string;
  retentionMs: number;
  onVerdict(verdict: Verdict): void;
  clock: Clock;
  logger: Logger;
}): Verifier {
  const { pool, blobs, instance, retentionMs, onVerdict, clock, logger } = parts;
  const running = new Map<number, Promise<void>>();
  const ending = new AbortController();

  async function run(file: FileRow, claim: Claim): Promise<void> {
    const isGenuine = (await hashOf(file, claim)).equals(claim.sha256);
    const settled = isGenuine ? await complete(file.id) : await reopen(file.id);
    if (settled) onVerdict({ file: settled, isGenuine });
  }

  async function hashOf(file: FileRow, { size }: Claim): Promise<Buffer> {
    const hash = createHash('sha256');
    let renewedMs = clock.monotonicMs();
    let bytes = 0;
    for await (const key of keysOf(file)) {
      ending.signal.throwIfAborted();
      const chunk = await blobs.get(key);
      hash.update(chunk);
      bytes += chunk.length;
      if (clock.monotonicMs() - renewedMs < RENEW_EVERY_MS) continue;
      renewedMs = clock.monotonicMs();
      await renew(file.id);
    }
    // a store that lost something must not pass for one that never had it
    if (bytes !== size) throw new Error('the chunks of a file have not the size of the ledger');
    return hash.digest();
  }

  async function* keysOf(file: FileRow): AsyncGenerator<StoredChunk> {
    for (let next = 0, isLast = false; !isLast; ) {
      const { rows } = await pool.query<{ idx: number; object: string | null }>(
        'SELECT idx, object FROM files.chunks WHERE file_id = $1 AND idx >= $2 ORDER BY idx LIMIT $3',
        [file.id, next, KEYS_AT_ONCE],
      );
      for (const { idx: index, object } of rows) yield { file: file.id, index, object };
      next = (rows.at(-1)?.idx ?? 0) + 1;
      isLast = rows.length < KEYS_AT_ONCE;
    }
  }

  /** Releases our lease, so that nobody has to wait for it to expire. */
  async function giveUp(file: FileRow, err: unknown): Promise<void> {
    logger.warn({ err }, 'a file could not be verified; its owner will ask again');
    await pool
      .query('UPDATE files.files SET verifier_until = now() WHERE id = $1 AND verifier = $2', [
        file.id,
        instance,
      ])
      .catch((cause: unknown) => logger.debug({ err: cause }, 'a lease was not released; it will expire'));
  }

  async function renew(file: number): Promise<void> {
    const renewed = await pool.query(
      `UPDATE files.files SET verifier_until = now() + $3 * interval '1 second'
        WHERE id = $1 AND verifier = $2 AND state = 'verifying'`,
      [file, instance, LEASE_SECONDS],
    );
    if (renewed.rowCount !== 1) throw new Error('the file is not ours to verify any more');
  }

  /** The reservation is settled in the transaction that completes the file. */
  async function complete(file: number): Promise<FileRow | undefined> {
    return await withTransaction(pool, async (client) => {
      const done = await client.query<FileRow>(
        `UPDATE files.files f SET state = 'complete', verifier = NULL, verifier_until = NULL,
                expires_at = now() + $3 * interval '1 millisecond'
          WHERE id = $1 AND verifier = $2 AND state = 'verifying' RETURNING ${FILE_COLUMNS}`,
        [file, instance, retentionMs],
      );
      const [row] = done.rows;
      if (!row) return undefined;
      await client.query(
        'UPDATE files.storage SET reserved = reserved - $2, used = used + $3 WHERE user_id = $1',
        [row.owner_id, row.max_size, row.size],
      );
      return row;
    });
  }

  async function reopen(file: number): Promise<FileRow | undefined> {
    const done = await pool.query<FileRow>(
      `UPDATE files.files f SET state = 'uploading', verifier = NULL, verifier_until = NULL, size = NULL, sha256 = NULL
        WHERE id = $1 AND verifier = $2 AND state = 'verifying' RETURNING ${FILE_COLUMNS}`,
      [file, instance],
    );
    return done.rows[0];
  }

  /** Whether we hold it now: nobody is verifying it, or the verifier has died. */
  async function claimFile(file: FileRow, claim: Claim): Promise<boolean> {
    return await withTransaction(pool, async (client) => {
      const found = await client.query<FileRow & { is_free: boolean }>(
        `SELECT ${FILE_COLUMNS}, verifier IS NULL OR verifier_until < now() AS is_free
           FROM files.files f WHERE id = $1 FOR UPDATE`,
        [file.id],
      );
      const [row] = found.rows;
      if (!row || row.state === 'removing') throw new ProtocolError('PERMISSION_DENIED');
      if (row.state === 'complete' || !row.is_free) return false;
      const { rows } = await client.query<{ fits: boolean }>(
        `SELECT coalesce(sum(len), 0) = $2 AND count(*) = ceil($2::numeric / $3) AND coalesce(max(idx), 0) = count(*) - 1
                AND coalesce(bool_and(len = $3 OR idx = ceil($2::numeric / $3) - 1), true) AS fits
           FROM files.chunks WHERE file_id = $1`,
        [file.id, claim.size, row.chunk_size],
      );
      if (!rows[0]?.fits) throw new ProtocolError('FILE_INCOMPLETE');
      await client.query(
        `UPDATE files.files SET state = 'verifying', size = $2, sha256 = $3, verifier = $4,
                verifier_until = now() + $5 * interval '1 second' WHERE id = $1`,
        [file.id, claim.size, claim.sha256, instance, LEASE_SECONDS],
      );
      return true;
    });
  }

  return {
    async begin(file, claim) {
      if (file.state === 'complete') {
        if (file.size === claim.size && file.sha256?.equals(claim.sha256)) return 'complete';
        throw new ProtocolError('FILE_CORRUPT');
      }
      if (running.has(file.id)) return 'verifying';
      if (running.size >= MOST_AT_ONCE || ending.signal.aborted)
        throw new ProtocolError('SERVER_UNAVAILABLE', { retry_after_ms: 1_000 });
      if (!(await claimFile(file, claim))) return 'verifying';
      const work = run(file, claim)
        .catch((err: unknown) => giveUp(file, err))
        .finally(() => running.delete(file.id));
      running.set(file.id, work);
      return 'verifying';
    },

    async stop() {
      ending.abort();
      await Promise.all(running.values());
    },
  };
}
