import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { partOf } from './breaks/choose.ts';
import { readBreak } from './breaks/read-break.ts';
import { ROOT } from './tools.ts';

const folder = join(ROOT, 'tests', 'breaks');
const breaks = readdirSync(folder).map((name) => readBreak(join(folder, name)));

test('every deliberate break applies to the code as it is', () => {
  const stale = breaks.filter(
    ({ patch }) =>
      spawnSync('git', ['apply', '--check', '--whitespace=nowarn', patch], { cwd: ROOT }).status !== 0,
  );
  expect(stale.map(({ name }) => name)).toEqual([]);
});

test('the test that is to notice it is in a file that is there', () => {
  const missing = breaks.filter(({ watch }) => watch.by === 'test' && !existsSync(join(ROOT, watch.file)));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('the parts that CI takes in turn are all breaks but those for a browser and for chaos, once each and about as many', () => {
  const parts = Array.from({ length: 10 }, (_, part) => partOf(breaks, 440 + part, 10));
  const others = breaks.filter(
    ({ watch }) => watch.by === 'chaos' || watch.file.endsWith('.browser.test.ts'),
  );
  const named = [...parts.flat(), ...others].map(({ name }) => name);
  expect(named.toSorted()).toEqual(breaks.map(({ name }) => name).toSorted());
  const sizes = parts.map((part) => part.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2);
});
