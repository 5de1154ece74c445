import { expect, test } from '@jest/globals';
import { closeCodes, closeTexts, mayReconnect } from './close-codes.ts';

test('a client comes back after the codes below 4500 and stays away after the others', () => {
  const comesBack = Object.entries(closeCodes).filter(([, code]) => mayReconnect(code));
  expect(comesBack.map(([name]) => name)).toEqual([
    'service_restart',
    'slow_consumer',
    'heartbeat_missed',
    'rate_limited',
    'handshake_timeout',
    'server_unavailable',
    'connection_limit',
  ]);
});

test('a code of a later version is understood by its range', () => {
  expect([1000, 1006, 1012, 4000, 4499].map(mayReconnect)).toEqual([true, true, true, true, true]);
  expect([4500, 4501, 4999].map(mayReconnect)).toEqual([false, false, false]);
});

test('every code is 1012 or one an application may use, each has one meaning, and its text fits a close frame', () => {
  const all = Object.values(closeCodes);
  for (const code of all) expect(code === 1012 || (code >= 4000 && code <= 4999)).toBe(true);
  expect(new Set(all).size).toBe(all.length);
  for (const text of Object.values(closeTexts))
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(123);
});
