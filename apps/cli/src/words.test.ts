import { expect, test } from '@jest/globals';
import { sentence } from './words.ts';

test.each([
  ['bob', '-- bob would like to chat (c_1)'],
  [undefined, '-- somebody has added you to a group (c_1)'],
])('a request from %s is said as what it is', (from, text) => {
  expect(sentence({ type: 'request', conversation: 'c_1', from })).toBe(text);
});
