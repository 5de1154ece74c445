import type { Logger } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Notices } from './notices.ts';
import type { FileStore } from './store/file-store.ts';
import { beginRemoval, finishRemoval } from './store/removal.ts';

export type FileLife = {
  /**
   * Ends a file: resolves when nobody can access it and its room is free, and tells the users it was offered to. Its
   * bytes are deleted afterwards, by this process or a sweep. False when it had already ended, or with `onlyExpired`
   * has not expired.
   */
  end(file: number, options?: { onlyExpired?: boolean }): Promise<boolean>;
  stop(): Promise<void>;
};

export function createFileLife(parts: {
  pool: Pool;
  files: FileStore;
  blobs: BlobStore;
  notices: Notices;
  logger: Logger;
}): FileLife {
  const { pool, files, blobs, notices, logger } = parts;
  const deleting = new Set<Promise<void>>();

  return {
    async end(file, options) {
      const admitted = await files.granted(file);
      const was = await beginRemoval(pool, file, options);
      if (!was) return false;
      notices.tell(admitted, 'file_cancel', { file_id: was.ext_id });
      const work = finishRemoval(pool, blobs, file)
        .catch((err: unknown) => logger.warn({ err }, 'bytes of a file not deleted yet; the sweep does it'))
        .finally(() => deleting.delete(work));
      deleting.add(work);
      return true;
    },

    async stop() {
      await Promise.all(deleting);
    },
  };
}
