// Installs the lockfile's packages if it has changed since the last time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PNPM = 'pnpm@12.21.0';

/** Returns what went wrong, as text for a person, or undefined. */
export function installPackages(root) {
  const stamp = join(root, 'node_modules', '.securechat-installed');
  const wanted = fingerprint(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;

  console.log(`[setup] installing packages with ${PNPM} (about half a minute the first time)`);
  const { status, error } = spawnSync('npx', ['--yes', PNPM, 'install', '--frozen-lockfile'], {
    cwd: root,
    stdio: 'inherit',
    // CI=true: pnpm asks no questions
    env: { ...process.env, CI: 'true' },
  });
  if (status !== 0) {
    return (
      `Installing the packages failed (${error?.message ?? `npx ended with ${status}`}). The reason is above.\n` +
      'The npm registry must be reachable; if it is, remove the node_modules folder and try again.'
    );
  }
  writeFileSync(stamp, wanted);
  return undefined;
}

/** Includes platform and architecture, because a folder may be shared between a laptop and a container. */
function fingerprint(root) {
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
