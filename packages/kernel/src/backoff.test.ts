import { expect, test } from '@jest/globals';
import { backoffDelayMs, createBackoff } from './backoff.ts';
import { sleep } from './clock.ts';

const ladder = { baseMs: 1000, capMs: 30_000 };

test('delays double up to the cap', () => {
  const delays = [0, 1, 2, 3, 4, 5, 2000].map((attempt) => backoffDelayMs(attempt, { ...ladder, jitter: 0 }));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('jitter moves a delay by at most its share to either side', () => {
  expect(backoffDelayMs(0, { ...ladder, random: () => 0 })).toBe(750);
  expect(backoffDelayMs(0, { ...ladder, random: () => 0.999_999 })).toBe(1250);
});

test('a reset starts from the first delay again', () => {
  const backoff = createBackoff({ ...ladder, jitter: 0 });
  expect([backoff.nextMs(), backoff.nextMs()]).toEqual([1000, 2000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(1000);
});

test('an aborted wait returns at once', async () => {
  const ending = new AbortController();
  const waited = createBackoff({ baseMs: 60_000, capMs: 60_000 }).wait(ending.signal);
  ending.abort();
  await waited;
  await sleep(60_000, ending.signal);
});
