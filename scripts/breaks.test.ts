import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
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
