import { expect, test } from '@jest/globals';
import { nextIndex } from './roving-focus.ts';

test.each([
  ['ArrowDown', 0, 1],
  ['ArrowDown', 2, 2],
  ['ArrowUp', 0, 0],
  ['Home', 2, 0],
  ['End', 0, 2],
  ['a', 1, undefined],
])('of three items %s leads from %d to %s', (key, index, next) => {
  expect(nextIndex(key, index, 3)).toBe(next);
});

test('in an empty list no key leads anywhere', () => {
  expect(nextIndex('ArrowDown', 0, 0)).toBeUndefined();
});
