import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { base64Length, base64PatternOf, decodeBase64, encodeBase64, isBase64 } from './base64.ts';

const anyBytes = fc.uint8Array({ maxLength: 200 });

test('encoding is that of every other base64 writer, and decoding is its inverse', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(isBase64(text)).toBe(true);
      expect(base64Length(text)).toBe(bytes.length);
      expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
});

test('a text is accepted only if encoding its bytes gives the same text again', () => {
  const letter = fc.constantFrom(...'ABQgwx09+/=-_ \nĀ\u{1f600}'.split(/(?:)/u));
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 12 }), (letters) => {
      const text = letters.join('');
      const isCanonical = Buffer.from(text, 'base64').toString('base64') === text;
      expect(isBase64(text)).toBe(isCanonical);
      if (!isCanonical) expect(() => decodeBase64(text)).toThrow(RangeError);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['no padding', 'AA'],
  ['too little padding', 'AA='],
  ['too much padding', 'AAA=='],
  ['padding alone', '===='],
  ['padding in the middle', 'AA==AAAA'],
  ['unused bits before two paddings', 'AB=='],
  ['unused bits before one padding', 'AAB='],
  ['the URL alphabet', 'AA-_'],
  ['a space', 'AAA '],
  ['a line break at the end', 'AAAA\n'],
  ['a letter that only looks Latin', 'АAAA'],
  ['a letter whose low byte is Latin', 'ŁAAA'],
  ['a character beyond the BMP', '\u{1f600}AA'],
])('%s is refused', (_, text) => {
  expect(isBase64(text)).toBe(false);
  expect(() => decodeBase64(text)).toThrow(RangeError);
});

test('the pattern of a length takes exactly the canonical texts of that many bytes', () => {
  for (const length of [16, 32, 64]) {
    const pattern = new RegExp(base64PatternOf(length));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length - 2, maxLength: length + 2 }), (bytes) => {
        expect(pattern.test(encodeBase64(bytes))).toBe(bytes.length === length);
      }),
      { numRuns: 50 },
    );
  }
  expect(new RegExp(base64PatternOf(16)).test(`${'A'.repeat(21)}B==`)).toBe(false);
  expect(new RegExp(base64PatternOf(32)).test(`${'A'.repeat(42)}B=`)).toBe(false);
});
