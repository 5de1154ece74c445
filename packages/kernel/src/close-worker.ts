import type { Worker } from 'bullmq';
import { withDeadline } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Producer } from './redis.ts';

/** Ends a worker, in a bounded time and whether or not Redis is there; what it leaves under way is found by another process. */
export async function closeWorker(
  worker: Worker | undefined,
  { producer, waitMs, what, logger }: { producer: Producer; waitMs: number; what: string; logger: Logger },
): Promise<void> {
  try {
    // without Redis the worker would wait for it, to say that its runs have ended
    const closed = worker ? worker.close(!producer.isReady()) : Promise.resolve();
    await withDeadline(closed, waitMs, `closing the ${what}`);
  } catch (err) {
    logger.debug({ err }, `${what} left as it is`);
  }
}
