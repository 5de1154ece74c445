// npm run audit: licences, pinned versions and hashes of all installed packages, and known vulnerabilities from the registry.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackages, licenceFaults } from './audit/licences.ts';
import { lockFaults, rangeFaults } from './audit/pins.ts';
import { ROOT } from './tools.ts';

/** As in scripts/install.mjs. */
const PNPM = 'pnpm@12.21.0';
const AUDIT_DEADLINE_MS = 60_000;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Checks that need no network. */
export function localFaults(): string[] {
  const manifests = globSync(
    ['package.json', '{packages,services,apps}/*/package.json', '{tests,bench}/package.json'],
    {
      cwd: ROOT,
    },
  );
  return [
    ...licenceFaults(installedPackages(ROOT)),
    ...manifests.flatMap((path) => rangeFaults(JSON.parse(read(path)))),
    ...lockFaults(read('pnpm-lock.yaml')),
  ];
}

/** High and critical advisories for what runs. An unreachable registry is reported, but is not a fault of the project. */
function advisories(): { said: string; isFault: boolean } {
  const { stdout, status } = spawnSync('npx', ['--yes', PNPM, 'audit', '--prod', '--audit-level', 'high'], {
    ...{ cwd: ROOT, encoding: 'utf8', timeout: AUDIT_DEADLINE_MS },
  });
  if (status === 0) return { said: 'the registry knows no high or critical advisory', isFault: false };
  if (/\d+ vulnerabilit/.test(stdout)) return { said: stdout.trim(), isFault: true };
  return { said: 'NOT ASKED: the registry did not answer what it knows of weak points', isFault: false };
}

if (import.meta.main) {
  const faults = localFaults();
  for (const fault of faults) console.error(fault);
  const { said, isFault } = advisories();
  console.log(said);
  console.log(faults.length === 0 ? 'licences, pins and hashes are in order' : `${faults.length} faults`);
  process.exitCode = faults.length > 0 || isFault ? 1 : 0;
}
