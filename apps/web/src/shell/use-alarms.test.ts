import { expect, test } from '@jest/globals';
import type { Alarm } from '@securechat/client';
import { addAlarm, type ShownAlarm } from './use-alarms.ts';

const alarm = (userId: string): Alarm => ({ type: 'key-change', userId, detail: '' });

test('the same alarm again is counted', () => {
  const shown = addAlarm(addAlarm([], alarm('bob')), alarm('bob'));
  expect(shown.map(({ times }) => times)).toEqual([2]);
});

test('of many alarms the newest twenty are shown', () => {
  let shown: ShownAlarm[] = [];
  for (let index = 0; index < 30; index++) shown = addAlarm(shown, alarm(`user ${index}`));
  expect(shown).toHaveLength(20);
  expect(shown.at(-1)?.alarm.userId).toBe('user 29');
});
