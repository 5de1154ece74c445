import type { Clock } from '../clock.ts';

export type TestClock = Clock & {
  /** Time passes: both clocks move on. */
  advance(ms: number): void;
  /** Somebody sets the wall clock: durations do not notice. */
  setNow(ms: number): void;
};

/** Stands still until told otherwise. */
export function createTestClock(startMs = 1_700_000_000_000): TestClock {
  let nowMs = startMs;
  let elapsedMs = 0;
  return {
    now: () => nowMs,
    monotonicMs: () => elapsedMs,
    advance: (ms) => {
      nowMs += ms;
      elapsedMs += ms;
    },
    setNow: (ms) => {
      nowMs = ms;
    },
  };
}
