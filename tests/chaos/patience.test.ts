import { expect, test } from '@jest/globals';
import { Patience } from './patience.ts';

test('patience ends after its time, however often it is asked', () => {
  for (const everyMs of [50, 250, 900]) {
    const patience = new Patience(5_000, 0);
    let nowMs = everyMs;
    while (!patience.isOver(nowMs)) nowMs += everyMs;
    expect(nowMs).toBeGreaterThan(5_000);
    expect(nowMs).toBeLessThanOrEqual(5_000 + everyMs);
    expect(patience.stoodStillMs).toBe(0);
  }
});

test('a machine that stood still for a minute used up one second of it', () => {
  const patience = new Patience(5_000, 0);
  expect(patience.isOver(60_000)).toBe(false);
  expect(patience.stoodStillMs).toBe(59_000);
  expect([60_250, 61_250, 62_250, 63_250, 64_000].map((nowMs) => patience.isOver(nowMs))).toEqual([
    ...Array(4).fill(false),
    false,
  ]);
  expect(patience.isOver(64_001)).toBe(true);
});
