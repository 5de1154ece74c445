import { type BlockingReader, openBlockingReader } from './blocking-reader.ts';
import { systemClock } from './clock.ts';
import { createComplaints } from './complaints.ts';
import type { Logger } from './logger.ts';
import { createLoop } from './loop.ts';

export type ReadLoopParts = {
  redisUrl: string;
  /** Shown by CLIENT LIST. */
  name: string;
  /** What is read, for the log: `<what> unreadable; trying again`, at most every 5 s, and `<what> readable again`. */
  what: string;
  /** Fields added to both lines. */
  facts?: object;
  /** One read by `run`, which may block for `BLOCK_MS`, and what is done with its result. */
  step(run: BlockingReader['run'], signal: AbortSignal): Promise<void>;
  /** A failure that the next step repairs. It is followed by the pause, but not logged. */
  isRepairable?(err: unknown): boolean;
  logger: Logger;
};

export type ReadLoop = {
  /** Does not wait for Redis. */
  start(): void;
  /** Resolves after the running step: what its read brings is not lost. This takes as long as the read blocks. */
  drain(): Promise<void>;
  /** Ends the running read at once. What Redis sends meanwhile is lost here. */
  stop(): Promise<void>;
  /** Milliseconds since Redis last answered, or since the loop was made. */
  silentForMs(): number;
};

/**
 * Reads from Redis in a loop, on a connection of its own. Each read has a deadline; failures are retried with pauses
 * that grow to a second.
 */
export function createReadLoop(parts: ReadLoopParts): ReadLoop {
  const { redisUrl, name, what, facts, step, isRepairable, logger } = parts;
  const reader = openBlockingReader(redisUrl, { name });
  const warn = createComplaints({
    what: `${what} unreadable; trying again`,
    ...(facts && { facts }),
    clock: systemClock,
    logger,
  });
  let isTold = false;
  const loop = createLoop({
    step: (signal) => step(reader.run, signal),
    onFailure(err) {
      if (isRepairable?.(err)) return;
      warn(err);
      isTold = true;
    },
    onRecovery() {
      if (isTold) logger.info({ ...facts }, `${what} readable again`);
      isTold = false;
    },
  });

  return {
    start: loop.start,
    async drain() {
      await loop.stop();
      reader.close();
    },
    async stop() {
      const stopped = loop.stop();
      reader.close();
      await stopped;
    },
    silentForMs: reader.silentForMs,
  };
}
