import { beforeEach, expect, test } from '@jest/globals';
import { SharedBucket } from './shared-bucket.ts';

const PER_SECOND = 100;

let bucket: SharedBucket;
let nowMs: number;
beforeEach(() => {
  bucket = new SharedBucket(PER_SECOND);
  nowMs = 1_000_000;
});

const taken = (address: string | undefined, tries: number): number =>
  Array.from({ length: tries }, () => bucket.take(address, nowMs)).filter(Boolean).length;

test('an address that takes all it can leaves half to the others, second for second', () => {
  let greedy = taken('greedy', 1000);
  expect(greedy).toBe(PER_SECOND / 2);
  for (let n = 0; n < 100; n++) {
    nowMs += 100;
    greedy += taken('greedy', 1000);
    expect(taken(`honest ${n}`, 1)).toBe(1);
  }
  // nearly all the rest, since nobody else came
  expect(greedy).toBeGreaterThan(10 * PER_SECOND * 0.8);
});

test('what is kept is for addresses that have not had their share, and no more than that', () => {
  taken('greedy', 1000);
  expect(taken('a', 1000)).toBe(PER_SECOND / 10);
  expect(taken('a', 1)).toBe(0);
  expect(taken('b', 1000)).toBe(PER_SECOND / 10);
});

test('who stands for many has no share', () => {
  expect(taken(undefined, 1000)).toBe(PER_SECOND);
});
