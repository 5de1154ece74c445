import type { Job, Logger } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { FileLife } from '../file-life.ts';
import type { FilesMetrics } from '../metrics.ts';
import { finishRemoval } from '../store/removal.ts';

/** Per lookup; the run continues until there are no more. */
const FILES_AT_ONCE = 100;

type Parts = {
  pool: Pool;
  blobs: BlobStore;
  life: FileLife;
  metrics: FilesMetrics;
  everyMs: number;
  logger: Logger;
};

/**
 * Ends expired files, including uploads that were never completed, and deletes the remaining bytes of ended files
 * whose process died before doing so.
 */
export function sweepJob(parts: Parts): Job {
  return { everyMs: parts.everyMs, deadlineMs: 120_000, run: (signal) => sweep(parts, signal) };
}

export async function sweep(
  { pool, blobs, life, metrics }: Omit<Parts, 'everyMs'>,
  signal: AbortSignal,
): Promise<void> {
  const idsOf = async (condition: string, after: number): Promise<number[]> => {
    const found = await pool.query<{ id: number }>(
      `SELECT id FROM files.files WHERE ${condition} AND id > $1 ORDER BY id LIMIT $2`,
      [after, FILES_AT_ONCE],
    );
    return found.rows.map((row) => row.id);
  };
  for (let ids = await idsOf(EXPIRED, 0); ids.length > 0; ids = await idsOf(EXPIRED, ids.at(-1) ?? 0)) {
    for (const id of ids) {
      if (signal.aborted) return;
      if (await life.end(id, { onlyExpired: true })) metrics.expired();
    }
  }
  for (let ids = await idsOf(ENDED, 0); ids.length > 0; ids = await idsOf(ENDED, ids.at(-1) ?? 0)) {
    for (const id of ids) {
      if (signal.aborted) return;
      await finishRemoval(pool, blobs, id);
    }
  }
}

const EXPIRED = `state <> 'removing' AND expires_at <= now()`;
const ENDED = `state = 'removing'`;
