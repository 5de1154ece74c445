import { expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import { createStorm } from './storm.ts';

test('twice as many sockets as logins may come: a refusal that says why costs a TLS handshake', () => {
  let refused = 0;
  const clock = createTestClock();
  const storm = createStorm({ perSecond: 10, clock, onRefused: () => refused++ });
  const come = () =>
    Array.from({ length: 50 }, (_, n) => storm.maySocketCome(`192.0.2.${n}`)).filter(Boolean).length;
  expect(come()).toBe(20);
  expect(refused).toBe(30);
  clock.advance(500);
  expect(come()).toBe(10);
});

test('who is refused is given a time between one and five seconds', () => {
  const storm = createStorm({ perSecond: 1, clock: createTestClock(), onRefused: () => undefined });
  expect(storm.refusal('192.0.2.1')).toBeUndefined();
  const times = Array.from({ length: 200 }, () => storm.refusal('192.0.2.2')?.retry_after_ms ?? 0);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(5_000);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_000);
});
