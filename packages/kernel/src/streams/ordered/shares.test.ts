import { describe, expect, test } from '@jest/globals';
import { type LiveWorker, sharesOf } from './shares.ts';

const POLICY = { partitions: 4, spreadAbove: 0.8 };

/** Workers a, b and so on, each as `[busy, owned]` or `[busy, owned, owned in other lanes]`. */
function workers(...given: ([number, number] | [number, number, number])[]): LiveWorker[] {
  return given.map(([busy, owned, elsewhere = 0], index) => ({
    ...{ id: String.fromCharCode(97 + index), busy, owned },
    ownedByProcess: owned + elsewhere,
  }));
}

const shares = (living: LiveWorker[], policy = POLICY) => Object.fromEntries(sharesOf(living, policy));

describe('how many take part', () => {
  test('one has all while it can, the others stand by', () => {
    expect(shares(workers([0, 0], [0, 0]))).toEqual({ a: 4, b: 0 });
    expect(shares(workers([0.79, 4], [0, 0], [0, 0]))).toEqual({ a: 4, b: 0, c: 0 });
  });

  test('whoever is too busy gives half away, and two that are a quarter each', () => {
    expect(shares(workers([0.81, 4], [0, 0]))).toEqual({ a: 2, b: 2 });
    expect(shares(workers([0.9, 2], [0.9, 2], [0, 0], [0, 0]))).toEqual({ a: 1, b: 1, c: 1, d: 1 });
  });

  test('one rests only when the others stay well below what makes it come back', () => {
    expect(shares(workers([0.37, 2], [0.36, 2]))).toEqual({ a: 2, b: 2 });
    expect(shares(workers([0.36, 2], [0.35, 2]))).toEqual({ a: 4, b: 0 });
    expect(shares(workers([0.36, 1], [0.36, 1], [0.36, 1], [0.35, 1]))).toEqual({ a: 2, b: 2, c: 0, d: 0 });
  });

  test('how busy those that stand by are with other work makes no difference', () => {
    expect(shares(workers([0.5, 4], [1, 0]))).toEqual({ a: 4, b: 0 });
  });

  test('at 0 all share evenly, however little there is to do', () => {
    expect(shares(workers([0, 4], [0, 0], [0, 0]), { ...POLICY, spreadAbove: 0 })).toEqual({
      a: 2,
      b: 2,
      c: 0,
    });
    expect(shares(workers([0, 4], [0, 0]), { ...POLICY, spreadAbove: 0 })).toEqual({ a: 2, b: 2 });
  });
});

test('whoever has most keeps it, among equals the first by name; lanes that came apart come together', () => {
  expect(shares(workers([0.1, 4], [0.1, 0, 4]))).toEqual({ a: 4, b: 0 });
  expect(shares(workers([0.1, 0, 4], [0.1, 4]))).toEqual({ a: 4, b: 0 });
  expect(shares(workers([0, 0], [0.1, 4]))).toEqual({ b: 4, a: 0 });
  expect(shares(workers([0.1, 2], [0.1, 2]))).toEqual({ a: 4, b: 0 });
});

test('no partition is left without a worker, and nobody alone gives one away', () => {
  for (let living = 1; living <= 6; living += 1) {
    for (let partitions = 1; partitions <= 7; partitions += 1) {
      for (const busy of [0, 0.4, 0.8, 1]) {
        for (let taking = 0; taking <= living; taking += 1) {
          const given = Array.from({ length: living }, (_, i): [number, number] => [
            busy,
            i < taking ? 1 : 0,
          ]);
          const found = [...sharesOf(workers(...given), { partitions, spreadAbove: 0.8 }).values()];
          expect(found.reduce((sum, share) => sum + share, 0)).toBeGreaterThanOrEqual(partitions);
        }
      }
    }
  }
  expect(shares(workers([1, 4]))).toEqual({ a: 4 });
});
