import { expect, test } from '@jest/globals';
import type { ClientOptions } from '../api/index.ts';
import type { Store } from '../storage/store.ts';
import { settingsOf } from './settings.ts';

const coverWith = (traffic?: ClientOptions['traffic']) => {
  const options = { store: {} as Store, ...(traffic === undefined ? {} : { traffic }) };
  const { dummiesPerHour, maxDelayMs } = settingsOf(options);
  return { dummiesPerHour, maxDelayMs };
};

test('messages leave at once, and no others, unless a profile or numbers are chosen', () => {
  expect(coverWith()).toEqual({ dummiesPerHour: 0, maxDelayMs: 0 });
  expect(coverWith('off')).toEqual(coverWith());
  expect(coverWith('standard')).toEqual({ dummiesPerHour: 12, maxDelayMs: 1_000 });
  expect(coverWith('high')).toEqual({ dummiesPerHour: 120, maxDelayMs: 10_000 });
  expect(coverWith({ dummiesPerHour: 1, maxDelayMs: 2 })).toEqual({ dummiesPerHour: 1, maxDelayMs: 2 });
});

test.each<unknown>(['some', { dummiesPerHour: 3_601, maxDelayMs: 0 }, { dummiesPerHour: 0, maxDelayMs: -1 }])(
  'what makes no sense is refused: %j',
  (traffic) => {
    expect(() => coverWith(traffic as ClientOptions['traffic'])).toThrow(RangeError);
  },
);
