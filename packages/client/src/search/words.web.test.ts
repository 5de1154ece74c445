import { expect, test } from '@jest/globals';
import { matcherOf, searchedText } from './words.ts';

test.each([
  ['key lime', 'Key Lime pie', true],
  ['lime key', 'Key Lime pie', true],
  ['mon', 'Lemonade', true],
  ['key lemon', 'Key Lime pie', false],
  ['creme brulee', 'Crème brûlée', true],
  ['CRÈME', 'creme', true],
  ['İstanbul', 'istanbul', true],
  ['ｆｕｌｌ', 'full', true],
  ['привет', 'ПРИВЕТ!', true],
  ['東京', '東京へ行く', true],
  ['.*', 'anything', false],
  ['a\tb\nc', 'c b a', true],
])('%j in %j: %j', (wanted, text, isFound) => {
  expect(matcherOf(wanted)?.(text)).toBe(isFound);
});

test.each(['', '  ', '\n\t'])('%j looks for nothing', (wanted) => {
  expect(matcherOf(wanted)).toBeUndefined();
});

test('what is longer than a search is cut, and still looked for', () => {
  expect(matcherOf('x'.repeat(10_000))?.('x'.repeat(256))).toBe(true);
});

test('names of files and previews of links are looked into, and nothing that nobody said', () => {
  const text = { type: 'text', format: 'plain', mentions: [] } as const;
  const preview = { url: 'https://example.org', title: 'Recipes', description: 'for summer' };
  expect(searchedText({ ...text, text: 'look', preview })).toBe('look Recipes for summer');
  expect(searchedText({ type: 'deleted' })).toBe('');
  expect(searchedText({ type: 'notice', notice: { type: 'renamed', name: 'Recipes' } })).toBe('');
  const file = { fileId: 'f', key: 'k', name: 'pie.pdf', mimeType: 'application/pdf', sha256: 's' };
  expect(searchedText({ type: 'file', ...file, size: 1, cipherSize: 1, chunkSize: 1 })).toBe('pie.pdf');
});
