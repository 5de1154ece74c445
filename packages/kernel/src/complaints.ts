import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** An outage fails thousands of commands; one line per interval is enough. */
const EVERY_MS = 5_000;

/** Rate-limits warnings about recurring failures: logs the first at once, then at intervals with the number suppressed. */
export function createComplaints(parts: {
  what: string;
  /** Fields added to each line. */
  facts?: object;
  clock: Pick<Clock, 'monotonicMs'>;
  logger: Logger | undefined;
}): (err: unknown) => void {
  const { what, facts, clock, logger } = parts;
  let lastLoggedMs = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return (err) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastLoggedMs < EVERY_MS) {
      unlogged += 1;
      return;
    }
    logger?.warn({ err, ...facts, unlogged }, what);
    lastLoggedMs = nowMs;
    unlogged = 0;
  };
}
