import { expect, test } from '@jest/globals';
import { TokenBucket } from './token-bucket.ts';

test('it gives a second’s worth at once, then as much as the seconds bring', () => {
  const bucket = new TokenBucket(10);
  const taken = (nowMs: number) =>
    Array.from({ length: 50 }, () => bucket.take(nowMs)).filter(Boolean).length;
  expect(taken(1_000_000)).toBe(10);
  expect(taken(1_000_000)).toBe(0);
  expect(taken(1_000_500)).toBe(5);
  expect(taken(1_060_000)).toBe(10);
});

test('what is to be kept is not given', () => {
  const bucket = new TokenBucket(10);
  expect(Array.from({ length: 50 }, () => bucket.take(0, 4)).filter(Boolean)).toHaveLength(6);
  expect(bucket.take(0)).toBe(true);
});
