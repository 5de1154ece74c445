import { expect, test } from '@jest/globals';
import { aroundWord } from './around-word.ts';

test.each([
  ['short and Limes', 'limes', 'short and Limes'],
  ['a long line about many other things and limes too', 'LIMES', '… about many other things and limes too'],
  [
    'a long line about many other things and limes too',
    'long limes',
    'a long line about many other things and limes too',
  ],
  ['onewordofmorethanthirtylettersandlimes', 'limes', '… limes'],
  // found by another spelling
  [
    'a long line about many other things and crème brûlée',
    'creme',
    'a long line about many other things and crème brûlée',
  ],
])('of %j, for %j: %j', (line, words, shown) => {
  expect(aroundWord(line, words)).toBe(shown);
});
