import { expect, test } from '@jest/globals';
import { Settling, type Standing } from './settle.ts';

const LOOK_MS = 500;

/** When it is over, if it stands like this; at most after an hour. */
function endOf(standingAt: (nowMs: number) => Standing): number {
  const settling = new Settling(0);
  for (let nowMs = LOOK_MS; nowMs < 3_600_000; nowMs += LOOK_MS) {
    if (settling.isOver(standingAt(nowMs), nowMs)) return nowMs;
  }
  throw new Error('it never ends');
}

test('what is complete is over', () => {
  expect(endOf(() => ({ isComplete: true, waiting: 0, moved: 7 }))).toBe(LOOK_MS);
});

test('what comes slowly is waited for, however long it takes', () => {
  const every20s = (nowMs: number) => Math.floor(nowMs / 20_000);
  const end = endOf((nowMs) => ({
    isComplete: every20s(nowMs) === 12,
    waiting: 12 - every20s(nowMs),
    moved: every20s(nowMs),
  }));
  expect(end).toBe(240_000);
});

test('what is lost is not waited for: nothing waits with the server, and nothing comes', () => {
  const end = endOf(() => ({ isComplete: false, waiting: 0, moved: 7 }));
  expect(end).toBeGreaterThan(4_000);
  expect(end).toBeLessThan(10_000);
});

test.each([318, undefined])('what is stuck is not waited for: %s wait, and nothing comes', (waiting) => {
  const end = endOf(() => ({ isComplete: false, waiting, moved: 7 }));
  expect(end).toBeGreaterThan(45_000);
  expect(end).toBeLessThan(50_000);
});

test('what never stops to move ends all the same', () => {
  expect(endOf((nowMs) => ({ isComplete: false, waiting: 1, moved: nowMs }))).toBeGreaterThan(600_000);
});
