import { expect, test } from '@jest/globals';
import { parseRange } from './range.ts';

test.each([
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=10-19', { first: 10, last: 19 }],
  ['bytes=90-', { first: 90, last: 99 }],
  ['bytes=90-500', { first: 90, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-500', { first: 0, last: 99 }],
  ['bytes=100-', 'none'],
  ['bytes=-0', 'none'],
  ['bytes=-', 'all'],
  ['bytes=20-10', 'all'],
  ['bytes=0-1,5-6', 'all'],
  ['chunks=0-1', 'all'],
  [undefined, 'all'],
] as const)('of a body of 100 bytes, %s asks for %j', (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});
