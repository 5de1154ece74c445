import { expect, test } from '@jest/globals';
import { cutAtMentions, mentionAt, mentionsIn } from './mentions.ts';

test.each([
  ['@bob', ['bob']],
  ['hi @bob, @carol: and @bob', ['bob', 'carol']],
  ['that was @bob.', ['bob']],
  ['mail@bob', []],
  ['@bobby', []],
  ['@@bob', []],
  ['@eve', []],
])('%j names %j', (text, expected) => {
  expect(mentionsIn(text, ['bob', 'carol'])).toEqual(expected);
});

test('a name that ends in a dot is preferred to the one without', () => {
  expect(mentionsIn('@bob.', ['bob', 'bob.'])).toEqual(['bob.']);
});

test('all parts together are the text', () => {
  const text = 'a @bob, b@bob @eve @carol';
  const parts = cutAtMentions(text, ['bob', 'carol']);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  expect(parts.flatMap((part) => part.userId ?? [])).toEqual(['bob', 'carol']);
});

test('names that only the server knows are not mentioned', () => {
  expect(cutAtMentions('@bob', [])).toEqual([{ text: '@bob' }]);
});

test.each([
  ['@', 1, ''],
  ['hi @bo', 6, 'bo'],
  ['hi @bo there', 6, 'bo'],
  ['hi @bo there', 12, undefined],
  ['mail@bo', 7, undefined],
])('in %j at %d what is being typed is %j', (text, cursor, expected) => {
  expect(mentionAt(text, cursor)).toBe(expected);
});
