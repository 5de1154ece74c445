import type { Logger } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Notices } from './notices.ts';
import type { FileStore } from './store/file-store.ts';
import { beginRemoval, finishRemoval } from './store/removal.ts';

export type FileLife = {
  /**
   * Ends a file: resolves when nobody may have it any more and its room is free, and tells those it was offered to. Its
   * bytes are deleted after that, by whoever comes to it. False when it had ended, or `onlyExpired` and its time is not over.
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
