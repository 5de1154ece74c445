import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A deliberate break: a description, the diff, and what must notice it: a test, or a chaos run's check of a promise. */
export type Break = { name: string; what: string; patch: string; watch: Watch };
export type Watch =
  | { by: 'test'; file: string; title: string }
  | { by: 'chaos'; args: readonly string[]; promise: string };

/**
 * A patch starts with two extra lines before the diff; the second one is `Test` or `Chaos`:
 *
 *     Breaks: what the code does wrong now
 *     Test: path/of/file.test.ts › exact title of the test
 *     Chaos: --smoke --seed 7 › name of the promise in the verdict
 */
export function readBreak(path: string): Break {
  const text = readFileSync(path, 'utf8');
  const what = /^Breaks: (.+)$/m.exec(text)?.[1];
  const watch = readTest(text) ?? readChaos(text);
  if (!what || !watch) throw new Error(`${path} lacks its "Breaks:" line, or its "Test:" or "Chaos:" line`);
  return { name: basename(path, '.patch'), what, patch: path, watch };
}

function readTest(text: string): Watch | undefined {
  const [, file, title] = /^Test: (\S+) › (.+)$/m.exec(text) ?? [];
  return file && title ? { by: 'test', file, title } : undefined;
}

function readChaos(text: string): Watch | undefined {
  const [, args, promise] = /^Chaos: (.+) › (\S+)$/m.exec(text) ?? [];
  return args && promise ? { by: 'chaos', args: args.split(' '), promise } : undefined;
}
