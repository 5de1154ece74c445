import type { Worker } from 'bullmq';
import { withDeadline } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Producer } from './redis.ts';

/** Closes a worker in bounded time, even if Redis is down; another process finds what it leaves unfinished. */
export async function closeWorker(
  worker: Worker | undefined,
  { producer, waitMs, what, logger }: { producer: Producer; waitMs: number; what: string; logger: Logger },
): Promise<void> {
  try {
    // without Redis the worker would wait to report that its runs have ended
    const closed = worker ? worker.close(!producer.isReady()) : Promise.resolve();
    await withDeadline(closed, waitMs, `closing the ${what}`);
  } catch (err) {
    logger.debug({ err }, `${what} left as it is`);
  }
}
