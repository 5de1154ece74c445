import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LocalRate } from './local-rate.ts';

test('so many are allowed, the next one is told when to come back, and then it may', () => {
  const rate = new LocalRate({ count: 2, windowMs: 1000 });
  expect([rate.take(0), rate.take(300)]).toEqual([0, 0]);
  expect(rate.take(400)).toBe(600);
  expect(rate.take(999)).toBe(1);
  expect(rate.take(1000)).toBe(0);
  expect(rate.take(1001)).toBe(299);
});

test('a refused try does not put off the time when the next is allowed', () => {
  const rate = new LocalRate({ count: 1, windowMs: 1000 });
  rate.take(0);
  for (let now = 1; now < 1000; now++) expect(rate.take(now)).toBe(1000 - now);
  expect(rate.take(1000)).toBe(0);
});

test('never more than the count in any window, and whoever waits as long as told is allowed', () => {
  const limit = fc.record({
    count: fc.integer({ min: 1, max: 8 }),
    windowMs: fc.integer({ min: 1, max: 200 }),
  });
  const gaps = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 5, noNaN: true })),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(limit, gaps, ({ count, windowMs }, between) => {
      const rate = new LocalRate({ count, windowMs });
      const taken: number[] = [];
      let now = 0;
      for (const gap of between) {
        now += gap;
        const waitMs = rate.take(now);
        if (waitMs === 0) taken.push(now);
        else {
          expect(taken.filter((at) => at > now - windowMs)).toHaveLength(count);
          now += waitMs;
          // fractions may have been rounded: at most one millisecond more
          const more = rate.take(now);
          expect(more).toBeLessThanOrEqual(1);
          now += more;
          if (more > 0) expect(rate.take(now)).toBe(0);
          taken.push(now);
        }
      }
      // a window is `windowMs` long and includes only one of its ends
      for (let first = 0; first + count < taken.length; first++) {
        expect((taken[first + count] ?? 0) - (taken[first] ?? 0)).toBeGreaterThanOrEqual(windowMs - 1e-6);
      }
    }),
  );
});
