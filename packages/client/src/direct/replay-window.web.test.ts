import { expect, test } from '@jest/globals';
import { ReplayWindow } from './replay-window.ts';

test('a number counts once, in whatever order, unless it is far behind', () => {
  const window = new ReplayWindow();
  expect([1, 2, 2, 5, 4, 3, 3, 1].map((number) => window.take(number))).toEqual([
    ...[true, true, false, true, true, true, false, false],
  ]);
  expect([100, 37, 36, 36, 100, 101].map((number) => window.take(number))).toEqual([
    ...[true, true, false, false, false, true],
  ]);
});
