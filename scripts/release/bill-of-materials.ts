import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { ROOT } from '../tools.ts';

const SPEC_VERSION = '1.6';
/** What is released; includes the packages these use, but not those of tests. */
const RUNNING = ['./services/*', './apps/web', './packages/client'];

/** Resolves pnpm, the package manager pinned by the installer. */
function pnpm(): string {
  const [, name] =
    /^const PNPM = '(.+)';$/m.exec(readFileSync(join(ROOT, 'scripts/install.mjs'), 'utf8')) ?? [];
  if (name === undefined) throw new TypeError('scripts/install.mjs names no pnpm');
  return name;
}

/** The bill of materials of everything that runs in a deployment, from the lockfile, made by the package manager. Returns the file name. */
export function buildBillOfMaterials(folder: string, version: string): string {
  const name = `securechat-${version}.cdx.json`;
  const file = join(folder, name);
  runCommand(
    'npx',
    [
      ...['--yes', pnpm(), ...RUNNING.flatMap((folder) => ['--filter', folder])],
      ...['sbom', '--sbom-format', 'cyclonedx', '--sbom-spec-version', SPEC_VERSION],
      ...['--sbom-type', 'application', '--prod', '--out', file],
    ],
    { cwd: ROOT, env: { ...process.env, CI: 'true' } },
  );
  const bill = JSON.parse(readFileSync(file, 'utf8')) as { bomFormat: string; components: unknown[] };
  if (bill.bomFormat !== 'CycloneDX' || bill.components.length === 0)
    throw new Error(`${name} is no bill of materials`);
  return `${name}, ${bill.components.length} components`;
}
