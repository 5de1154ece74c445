import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const files = globSync(
  ['packages/directory', 'services/delivery', 'services/gateway'].map((part) => `${part}/src/**/*.lua`),
  {
    cwd: ROOT,
  },
).sort();

/** `KEYS[1]`, `ARGV[2]` …, each once, in order. */
function namesIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/\b(?:KEYS|ARGV)\[\d+\]/g), ([name]) => name))].sort();
}

test('the scripts are found', () => {
  expect(files.map((file) => basename(file))).toEqual([
    ...['bulk-push.lua', 'file-budget.lua'],
    ...['heartbeat.lua', 'publish-revocations.lua', 'read-revocations.lua', 'register.lua', 'remove.lua'],
    'trim-committed.lua',
    ...['address.lua', 'group-operation.lua', 'lease.lua', 'guarded-add.lua'],
  ]);
});

test.each(files)(
  '%s names in its header the keys and arguments that it uses, and what it returns',
  (file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    const end = lines.findIndex((line) => !line.startsWith('--'));
    const header = lines.slice(0, end);
    const code = lines.slice(end).filter((line) => !line.trim().startsWith('--'));
    const named = header.flatMap((line) => /^-- ((?:KEYS|ARGV)\[\d+\]) {2}\S/.exec(line)?.[1] ?? []);
    expect(named.toSorted()).toEqual(namesIn(code.join('\n')));
    expect(new Set(named).size).toBe(named.length);
    expect(header.some((line) => /^-- returns {2}\S/.test(line))).toBe(true);
    // numbered from 1 without gaps, or another argument would be taken for one of these
    for (const kind of ['KEYS', 'ARGV']) {
      const numbers = named.filter((name) => name.startsWith(kind)).map((name) => Number(/\d+/.exec(name)));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  },
);

test.each(files)('%s is loaded with as many keys as its header names', (file) => {
  const lua = readFileSync(join(ROOT, file), 'utf8');
  const name = basename(file, '.lua');
  const sources = globSync('*.ts', { cwd: join(ROOT, file, '..') }).map((source) =>
    readFileSync(join(ROOT, file, '..', source), 'utf8'),
  );
  const call = new RegExp(`loadScript<[^(]*\\(\\s*'${name}',[^;]*?(\\d+),?\\s*(?:'reads',?\\s*)?\\);`);
  const [loaded] = sources.flatMap((source) => call.exec(source)?.[1] ?? []);
  expect(Number(loaded)).toBe(namesIn(lua).filter((key) => key.startsWith('KEYS')).length);
});
