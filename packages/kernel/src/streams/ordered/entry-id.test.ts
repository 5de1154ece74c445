import { expect, test } from '@jest/globals';
import { compareEntryIds, FIRST_ENTRY_ID } from './entry-id.ts';

test('ids are compared by their numbers, not by their letters', () => {
  const ids = ['1700000000000-10', '999-5', '1700000000000-9', FIRST_ENTRY_ID, '1700000000001-0'];
  expect(ids.toSorted(compareEntryIds)).toEqual([
    FIRST_ENTRY_ID,
    '999-5',
    '1700000000000-9',
    '1700000000000-10',
    '1700000000001-0',
  ]);
  expect(compareEntryIds('5-5', '5-5')).toBe(0);
});
