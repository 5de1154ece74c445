import { createBackoff } from './backoff.ts';

/** A restarting server is not hit by everyone at once, and is found within a second of its return. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export type LoopParts = {
  /**
   * Must await something outside this process, such as a blocking read, and end by itself within bounded time: a step
   * that always resolves at once starves everything else. `signal` aborts when the loop ends, so that a step can stop
   * sleeping.
   */
  step(signal: AbortSignal): Promise<void>;
  /** A step has failed; another follows after the pause. Not called for failures caused by the loop ending. */
  onFailure(err: unknown): void;
  /** The first step that works after failures. */
  onRecovery?(): void;
  longestPauseMs?: number;
};

export type Loop = {
  start(): void;
  /** Starts no further step. Resolves when the running one has ended; to end it sooner, close what it reads from. */
  stop(): Promise<void>;
};

/**
 * Repeats one step until stopped: the readers of Redis, the consumers of ordered streams and the workers of the fan-out.
 *
 * STEPPING  one step at a time. Leads to itself, or to PAUSING when the step failed.
 * PAUSING   longer with each consecutive failure, cut short by the end. Leads to STEPPING.
 */
export function createLoop(parts: LoopParts): Loop {
  const { step, onFailure, onRecovery, longestPauseMs = LONGEST_PAUSE_MS } = parts;
  const ending = new AbortController();
  const backoff = createBackoff({ baseMs: FIRST_PAUSE_MS, capMs: longestPauseMs });
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    let hasFailed = false;
    while (!ending.signal.aborted) {
      try {
        await step(ending.signal);
        if (hasFailed) onRecovery?.();
        hasFailed = false;
        backoff.reset();
      } catch (err) {
        if (ending.signal.aborted) return;
        onFailure(err);
        hasFailed = true;
        await backoff.wait(ending.signal);
      }
    }
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}
