import { randomBytes } from 'node:crypto';
import { type Clock, type Logger, RetryableError, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore, ChunkKey } from './blob-store.ts';
import type { Bucket } from './bucket.ts';

/** From an object's first byte to its row. A process paused for longer gives up: its object may be gone. */
const RECORDED_WITHIN_MS = 5 * 60_000;
/** An object this old without a row will never get one. Longer than the former limit plus any clock difference. */
const ORPHANED_AFTER_MS = 2 * 3600_000;
const DELETED_AT_ONCE = 8;
const ROWS_AT_ONCE = 400;
const NAME = /^(\d{1,15})\/(\d{1,9})-[0-9a-f]{32}$/;

type Parts = {
  pool: Pool;
  bucket: Bucket;
  inPostgres: BlobStore;
  /** Otherwise new chunks go to Postgres, and existing ones stay in the bucket. */
  isForNew: boolean;
  clock: Clock;
  logger: Logger;
};

/**
 * Chunks in a bucket, each under a name unique to its attempt: stored objects are never overwritten, whoever retries
 * or dies half-way. An object exists before its row and is deleted before it, so a row always has its bytes; an
 * object without a row belongs to nobody, and is deleted when old.
 */
export function createObjectBlobs({ pool, bucket, inPostgres, isForNew, clock, logger }: Parts): BlobStore {
  /** Where the scan for orphans resumes: a run's deadline may come before the end of the bucket. */
  let lookedThrough = '';

  async function removeAll(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += DELETED_AT_ONCE)
      await Promise.all(names.slice(at, at + DELETED_AT_ONCE).map((name) => bucket.remove(name)));
  }

  async function put(
    chunk: ChunkKey,
    bytes: Buffer,
    record: Parameters<BlobStore['put']>[2],
  ): Promise<boolean> {
    const object = `${chunk.file}/${chunk.index}-${randomBytes(16).toString('hex')}`;
    const beganMs = clock.monotonicMs();
    await bucket.put(object, bytes);
    const isRecorded = await withTransaction(pool, async (client) => {
      const isNew = await record(client, object);
      if (clock.monotonicMs() - beganMs > RECORDED_WITHIN_MS)
        throw new RetryableError('a chunk was stored too long ago to be recorded');
      return isNew;
    });
    if (!isRecorded)
      await bucket.remove(object).catch((err: unknown) => {
        logger.debug({ err }, 'an unneeded object stays until the next scan finds it');
      });
    return isRecorded;
  }

  /** Which of these objects have no row. */
  async function withoutRow(names: readonly string[]): Promise<string[]> {
    const places = names.map((name) => NAME.exec(name) as RegExpExecArray);
    const { rows } = await pool.query<{ object: string }>(
      `SELECT c.object FROM unnest($1::bigint[], $2::int[], $3::text[]) AS o (file_id, idx, object)
         JOIN files.chunks c ON c.file_id = o.file_id AND c.idx = o.idx AND c.object = o.object`,
      [places.map(([, file]) => file), places.map(([, , index]) => index), names],
    );
    const known = new Set(rows.map(({ object }) => object));
    return names.filter((name) => !known.has(name));
  }

  return {
    put: isForNew ? put : inPostgres.put,

    get: async (chunk) =>
      chunk.object === null ? await inPostgres.get(chunk) : await bucket.get(chunk.object),

    async remove(file) {
      for (let after = -1, isLast = false; !isLast; ) {
        const { rows } = await pool.query<{ idx: number; object: string }>(
          `SELECT idx, object FROM files.chunks
            WHERE file_id = $1 AND idx > $2 AND object IS NOT NULL ORDER BY idx LIMIT $3`,
          [file, after, ROWS_AT_ONCE],
        );
        await removeAll(rows.map(({ object }) => object));
        after = rows.at(-1)?.idx ?? after;
        isLast = rows.length < ROWS_AT_ONCE;
      }
      await inPostgres.remove(file);
    },

    async removeOrphans(signal) {
      let removed = 0;
      for (let isLast = false; !isLast && !signal.aborted; ) {
        const page = await bucket.list(lookedThrough);
        const old = page.objects.filter(({ modifiedMs }) => clock.now() - modifiedMs > ORPHANED_AFTER_MS);
        const names = old.map(({ name }) => name).filter((name) => NAME.test(name));
        const orphans = names.length === 0 ? [] : await withoutRow(names);
        await removeAll(orphans);
        removed += orphans.length;
        isLast = page.isLast;
        lookedThrough = isLast ? '' : (page.objects.at(-1)?.name ?? '');
      }
      return removed;
    },
  };
}
