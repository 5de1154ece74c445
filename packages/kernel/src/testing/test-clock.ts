import type { Clock } from '../clock.ts';

export type TestClock = Clock & {
  /** Time passes: both clocks advance. */
  advance(ms: number): void;
  /** The wall clock is set: durations do not notice. */
  setNow(ms: number): void;
};

/** Stands still until advanced. */
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
