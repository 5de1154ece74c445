import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BreakerState,
  breakerAfterFailure,
  breakerAllows,
  closedBreaker,
  DEFAULT_RETRY_POLICY,
  reconnectDelayMs,
  retryDelayMs,
} from './retry-policy.ts';

const MIDDLE = 0.5;
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('reconnects wait 1, 2, 4, 8, 16, 30 seconds, and 30 from then on', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => reconnectDelayMs(failures, MIDDLE));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('jitter moves a reconnect by at most a quarter, after the cap: the top step is 22.5 to 37.5 seconds', () => {
  expect([reconnectDelayMs(6, 0), reconnectDelayMs(99, 0)]).toEqual([22_500, 22_500]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), anyRandom, (failures, random) => {
      const step = reconnectDelayMs(failures, MIDDLE);
      const delay = reconnectDelayMs(failures, random);
      expect(delay).toBeGreaterThanOrEqual(step * 0.75);
      expect(delay).toBeLessThanOrEqual(step * 1.25);
    }),
  );
});

test('the delay that the server gave is kept as it is', () => {
  expect(reconnectDelayMs(6, 0, 750)).toBe(750);
  expect(reconnectDelayMs(1, 0.9, 0)).toBe(0);
});

function breakerAfter(failures: number): BreakerState {
  let state = closedBreaker;
  for (let at = 1; at <= failures; at++) state = breakerAfterFailure(state, at);
  return state;
}

test('the breaker opens at the tenth failure in a row', () => {
  expect(breakerAllows(closedBreaker, 0, false)).toBe(true);
  expect(breakerAllows(breakerAfter(9), 9, false)).toBe(true);
  expect(breakerAllows(breakerAfter(10), 10, false)).toBe(false);
});

test('an open breaker lets one through after five minutes, and at once after a nudge', () => {
  const open = breakerAfter(10);
  expect(breakerAllows(open, 10 + 299_999, false)).toBe(false);
  expect(breakerAllows(open, 10 + 300_000, false)).toBe(true);
  expect(breakerAllows(open, 11, true)).toBe(true);
});

test('a failure while half open closes the door for another five minutes', () => {
  const again = breakerAfterFailure(breakerAfter(10), 400_000);
  expect(breakerAllows(again, 699_999, false)).toBe(false);
  expect(breakerAllows(again, 700_000, false)).toBe(true);
});

test('requests are tried again after 1, 2 and 4 seconds, then no more', () => {
  const delays = [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(DEFAULT_RETRY_POLICY, attempt, MIDDLE));
  expect(delays).toEqual([1000, 2000, 4000, undefined, undefined]);
});

test('jitter moves a request by at most its share, after the cap', () => {
  const policy = { ...DEFAULT_RETRY_POLICY, max_retries: 50 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), anyRandom, (attempt, random) => {
      const step = Math.min(1000 * 2 ** (attempt - 1), 30_000);
      const delay = retryDelayMs(policy, attempt, random);
      expect(delay).toBeGreaterThanOrEqual(step * 0.9);
      expect(delay).toBeLessThanOrEqual(step * 1.1);
    }),
  );
});
