import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { localFaults } from '../audit.ts';
import { ROOT } from '../tools.ts';
import { installedPackages, licenceFaults } from './licences.ts';
import { lockFaults, rangeFaults } from './pins.ts';

test('all that is installed has a licence that may be used, a pinned version and a hash', () => {
  expect(installedPackages(ROOT).length).toBeGreaterThan(200);
  expect(localFaults()).toEqual([]);
});

test('a licence that asks for more, or none, is a fault', () => {
  const faultsOf = (license: unknown) => licenceFaults([{ name: 'one', version: '1.0.0', license }]);
  for (const fine of ['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND MIT', [{ type: 'MIT' }]])
    expect(faultsOf(fine)).toEqual([]);
  for (const bad of ['AGPL-3.0-only', 'MIT AND GPL-2.0-only', 'SEE LICENSE IN FILE', '', undefined, []])
    expect(faultsOf(bad)).toHaveLength(1);
});

test('a range, and what is not locked by its hash, are faults', () => {
  const dependencies = { a: '1.2.3', b: 'workspace:*', c: '^1.2.3', d: 'latest', e: 'github:some/body' };
  expect(rangeFaults({ name: 'one', dependencies })).toHaveLength(3);
  const lockfile = readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8');
  expect(lockFaults(lockfile.replace(/integrity: sha512-/, 'integrity: sha1-'))).toHaveLength(1);
});
