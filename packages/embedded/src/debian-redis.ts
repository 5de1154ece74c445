import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Account, mayAccess } from './account.ts';
import { hashOf, stableFolder } from './folders.ts';
import type { RedisProgram } from './redis-program.ts';
import type { Progress } from './server.ts';

const run = promisify(execFile);

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
/** redis-tools and the libraries it needs beyond a base Debian. */
const PACKAGES = ['redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'];

/** Downloads and unpacks into .cache (1.3 MB of packages, 25 MB of lists); nothing is installed. */
export async function unpackDebianRedis(account: Account, progress: Progress): Promise<RedisProgram> {
  const parent = cacheFor(account);
  const target = join(parent, 'debian-redis');
  if (!existsSync(target)) {
    progress('no redis-server here: unpacking the one of Debian into .cache (5 to 20 s, once)');
    // renamed when complete, in case another process does the same
    const draft = mkdtempSync(join(parent, 'draft-'));
    try {
      await fetchInto(draft);
      if (!existsSync(target)) renameSync(join(draft, 'root'), target);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  const libraries = join(target, 'usr', 'lib');
  const folder = readdirSync(libraries).find((name) => name.includes('-linux-')) ?? '';
  const libraryPath = [join(libraries, folder), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    // Debian's server and its checking tool are one program, which acts by the name it was called by
    path: join(target, 'usr/bin/redis-check-rdb'),
    argv0: 'redis-server',
    env: { LD_LIBRARY_PATH: libraryPath },
  };
}

/** .cache in the project, or a folder that the server's user can access. */
function cacheFor(account: Account): string {
  mkdirSync(CACHE, { recursive: true });
  return mayAccess(account, 'x', CACHE) ? CACHE : stableFolder(account, `cache-${hashOf(dirname(CACHE))}`);
}

async function fetchInto(draft: string): Promise<void> {
  for (const folder of ['lists/partial', 'archives/partial', 'packages', 'root']) {
    mkdirSync(join(draft, folder), { recursive: true });
  }
  // our own lists and archives: the machine's belong to root and may be empty
  const settings = [
    `Dir::State::Lists=${draft}/lists`,
    `Dir::Cache=${draft}`,
    `Dir::Cache::archives=${draft}/archives`,
    'APT::Sandbox::User=',
    'Debug::NoLocking=1',
    'Acquire::Languages=none',
  ].flatMap((setting) => ['-o', setting]);
  await run('apt-get', ['-qq', ...settings, 'update']);
  const packages = join(draft, 'packages');
  await run('apt-get', ['-qq', ...settings, 'download', ...PACKAGES], { cwd: packages });
  for (const file of readdirSync(packages))
    await run('dpkg-deb', ['-x', join(packages, file), join(draft, 'root')]);
}
