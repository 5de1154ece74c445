import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A deliberate break: what it breaks, the diff, and the test that must notice. */
export type Break = { name: string; what: string; patch: string; test: NamedTest };
export type NamedTest = { file: string; title: string };

/**
 * A patch begins with two lines of its own, before the diff:
 *
 *     Breaks: what the code does wrong now
 *     Test: path/of/file.test.ts › exact title of the test
 */
export function readBreak(path: string): Break {
  const text = readFileSync(path, 'utf8');
  const what = /^Breaks: (.+)$/m.exec(text)?.[1];
  const [, file, title] = /^Test: (\S+) › (.+)$/m.exec(text) ?? [];
  if (!what || !file || !title) throw new Error(`${path} lacks its "Breaks:" or "Test: file › title" line`);
  return { name: basename(path, '.patch'), what, patch: path, test: { file, title } };
}
