import { createBackoff } from './backoff.ts';

/** A server that restarts is not asked by everybody at once, and is found within a second of its return. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export type LoopParts = {
  /**
   * Has to wait for something outside this process, such as a blocking read, and to end by itself within a bound: a step that resolves at once,
   * for ever, lets nothing else run. `signal` aborts when the loop is to end, so that a step does not sleep any longer.
   */
  step(signal: AbortSignal): Promise<void>;
  /** A step has failed, and another one follows after the pause. Not called for what fails because the loop is to end. */
  onFailure(err: unknown): void;
  /** The first step that works after some that failed. */
  onRecovery?(): void;
  longestPauseMs?: number;
};

export type Loop = {
  start(): void;
  /** At once no further step. Resolves when the running one has ended: to end it sooner, close what it reads from. */
  stop(): Promise<void>;
};

/**
 * Does one thing again and again until it is stopped; all readers of Redis run in one.
 *
 * STEPPING  one step at a time. Leads to itself, or to PAUSING when the step failed.
 * PAUSING   longer with each failure in a row, and cut short by the end. Leads to STEPPING.
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
