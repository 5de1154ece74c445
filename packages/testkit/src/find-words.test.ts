import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { spellingsOf } from './find-words.ts';

test('a word is found as it is, in base64 wherever it begins, and in hex', () => {
  const spellings = spellingsOf('heliotrope');
  for (const before of ['', 'a', 'ab', 'abc']) {
    const text = `${before}heliotrope and more`;
    const base64 = Buffer.from(text).toString('base64');
    for (const form of [
      text,
      base64,
      Buffer.from(text).toString('hex'),
      Buffer.from(base64).toString('hex'),
    ]) {
      expect(spellings.some((spelling) => form.includes(spelling))).toBe(true);
    }
  }
  const key = randomBytes(32);
  const inside = Buffer.concat([Buffer.from('a'), key, Buffer.from('and more')]);
  for (const form of [inside.toString('base64'), inside.toString('hex')])
    expect(spellingsOf(key).some((spelling) => form.includes(spelling))).toBe(true);
  expect(spellings.some((spelling) => 'something else entirely'.includes(spelling))).toBe(false);
});
