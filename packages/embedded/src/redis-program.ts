import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Account, mayAccess } from './account.ts';
import { unpackDebianRedis } from './debian-redis.ts';
import type { Progress } from './server.ts';

export type RedisProgram = { path: string; argv0: string; env: NodeJS.ProcessEnv };

const REMEDIES = `No redis-server was found. Any one of these helps:
  - install Redis or Valkey (macOS: brew install redis; Fedora: dnf install valkey; Debian: apt install redis-server)
  - set REDIS_SERVER to the path of a redis-server or valkey-server program
  - use a running server: set REDIS_URL for npm start, TEST_REDIS_URL and TEST_POSTGRES_URL for npm test`;

/** A given program, one on the PATH, or on Debian and Ubuntu the distribution's package, unpacked without root. */
export async function findRedis(account: Account, progress: Progress): Promise<RedisProgram> {
  const given = process.env.REDIS_SERVER;
  if (given !== undefined && given !== '') return usable({ path: given, argv0: given, env: {} }, account);

  const installed = onPath('redis-server') ?? onPath('valkey-server');
  if (installed !== undefined) return usable({ path: installed, argv0: installed, env: {} }, account);

  if (onPath('apt-get') === undefined || onPath('dpkg-deb') === undefined) throw new Error(REMEDIES);
  try {
    return usable(await unpackDebianRedis(account, progress), account);
  } catch (error) {
    throw new Error(`${REMEDIES}\nFetching the Debian package failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function usable(program: RedisProgram, account: Account): RedisProgram {
  if (!mayAccess(account, 'x', program.path))
    throw new Error(`${program.path} cannot be run by the server's user.`);
  const { status, stderr, error } = spawnSync(program.path, ['--version'], {
    ...account,
    cwd: '/',
    argv0: program.argv0,
    encoding: 'utf8',
    env: { ...process.env, ...program.env },
  });
  if (status !== 0) throw new Error(`${program.path} does not run here: ${error?.message ?? stderr.trim()}`);
  return program;
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
