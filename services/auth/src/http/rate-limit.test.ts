import { expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import { createRateLimit } from './rate-limit.ts';

test('a client may do so many at once and then as many per minute', () => {
  const clock = createTestClock();
  const limit = createRateLimit(60, clock);
  for (let n = 0; n < 60; n++) expect(limit.take('10.0.0.1')).toBe(0);
  expect(limit.take('10.0.0.1')).toBe(1000);
  clock.advance(999);
  expect(limit.take('10.0.0.1')).toBe(1);
  clock.advance(1);
  expect(limit.take('10.0.0.1')).toBe(0);
  expect(limit.take('10.0.0.1')).toBe(1000);
});

test('a full bucket gives all it has, at whatever fraction of a millisecond', () => {
  for (let perMinute = 1; perMinute <= 100; perMinute++) {
    const clock = createTestClock();
    clock.advance(perMinute * 1234.567891);
    const limit = createRateLimit(perMinute, clock);
    for (let n = 0; n < perMinute; n++)
      expect({ perMinute, n, wait: limit.take('::1') }).toEqual({ perMinute, n, wait: 0 });
    expect(limit.take('::1')).toBe(Math.ceil(60_000 / perMinute - 0.001));
  }
});

test('a rest never saves up more than a full bucket, and a wall clock set back changes nothing', () => {
  const clock = createTestClock();
  const limit = createRateLimit(2, clock);
  clock.advance(3_600_000);
  clock.setNow(0);
  expect([1, 2, 3].map(() => limit.take('10.0.0.1') === 0)).toEqual([true, true, false]);
});

test('no minute lets more through than the bucket and its refill', () => {
  const clock = createTestClock();
  const limit = createRateLimit(10, clock);
  let taken = 0;
  for (let ms = 0; ms < 60_000; ms += 100) {
    if (limit.take('10.0.0.1') === 0) taken += 1;
    clock.advance(100);
  }
  expect(taken).toBeLessThanOrEqual(20);
});

test('no more addresses are remembered than allowed, and the one longest quiet is forgotten', () => {
  const limit = createRateLimit(1, createTestClock(), 2);
  limit.take('10.0.0.1');
  limit.take('10.0.0.2');
  expect(limit.take('10.0.0.1')).toBeGreaterThan(0);
  limit.take('10.0.0.3');
  expect(limit.take('10.0.0.1')).toBeGreaterThan(0);
  expect(limit.take('10.0.0.2')).toBe(0);
});

test('one client is a whole IPv6 /64', () => {
  const limit = createRateLimit(1, createTestClock());
  expect(limit.take('2001:db8:1:2:3:4:5:6')).toBe(0);
  expect(limit.take('2001:db8:1:2::1')).toBeGreaterThan(0);
  expect(limit.take('2001:db8:1:3::1')).toBe(0);
});
