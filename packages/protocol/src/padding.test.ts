import { expect, test } from '@jest/globals';
import { MAX_CHAT_BYTES } from './limits.ts';
import { PADDING_CLASSES, paddedLength } from './padding.ts';

test('each length belongs to the smallest class that holds it', () => {
  expect([0, 1, 256, 257, 512, 513, 32_767, 32_768].map(paddedLength)).toEqual([
    256, 256, 256, 512, 512, 1024, 32_768, 32_768,
  ]);
  for (const size of PADDING_CLASSES) expect(paddedLength(size)).toBe(size);
});

test('what no class holds is refused by its length', () => {
  expect(() => paddedLength(32_769)).toThrow('no size class holds 32769 bytes');
});

test('the largest class fits a chat with everything around it', () => {
  // ciphertext and its header, as base64, and the envelope with the longest ids and sixteen metadata entries
  const payload = Math.ceil(((PADDING_CLASSES.at(-1) ?? 0) + 512) / 3) * 4;
  const metadata = 16 * (64 + 256 + 8);
  expect(payload + metadata + 1_024).toBeLessThan(MAX_CHAT_BYTES);
});
