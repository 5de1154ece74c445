import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

// Browsers and phones run this package: it may use what every JavaScript engine has, and nothing of Node.
const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
);

const OF_NODE = [
  /\bnode:/,
  /\bBuffer\b/,
  /\bprocess\b/,
  /\brequire\b/,
  /\bsetImmediate\b/,
  // in braces it is part of the name of a key
  /(?<!\{)\bglobal\b/,
  /\b__(?:dirname|filename)\b/,
  /\bimport\.meta\b/,
];
const ALLOWED_IMPORTS = /^\.{1,2}\/[\w./-]+\.ts$/;

const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

test('there are sources to look at', () => expect(sources.length).toBeGreaterThan(30));

test.each(sources)('%s uses nothing of Node', (name) => {
  const code = withoutComments(readFileSync(new URL(name, folder), 'utf8'));
  for (const pattern of OF_NODE) expect(code).not.toMatch(pattern);
  const imports = [...code.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gm)].map(([, from]) => from);
  expect(imports.length).toBe((code.match(/\bfrom '/g) ?? []).length);
  expect(code).not.toMatch(/\bimport\s*\(|^import '/m);
  for (const specifier of imports) expect(specifier).toMatch(ALLOWED_IMPORTS);
});
