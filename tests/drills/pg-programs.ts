import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { rowsOf } from '@securechat/testkit';

const run = promisify(execFile);
const DEADLINE_MS = 120_000;

/** pg_dump reads servers up to its own version. Throws with what to do when this one is newer, or there is none. */
export async function requirePgDump(url: string): Promise<void> {
  const [row] = await rowsOf<{ version: number }>(
    url,
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  const server = row?.version ?? 0;
  const { stdout } = await run('pg_dump', ['--version']).catch(() => ({ stdout: '' }));
  const own = Number(/(\d+)(\.\d+)*\s*(\(.*\))?\s*$/.exec(stdout)?.[1] ?? 0);
  if (own >= server) return;
  throw new Error(
    `The drill needs pg_dump and pg_restore of PostgreSQL ${server} or newer on the PATH (found: ${stdout.trim() || 'none'}), or TEST_POSTGRES_URL of a server that they can read.`,
  );
}

/** A snapshot of this instant, while everybody goes on. */
export async function dump(url: string, file: string): Promise<void> {
  await run('pg_dump', ['--format=custom', `--file=${file}`, `--dbname=${url}`], { timeout: DEADLINE_MS });
}

/** Into a database that is made for it in the place of the one that was lost. */
export async function restore(url: string, file: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const server = new URL(url);
  server.pathname = '/postgres';
  await rowsOf(server.href, `DROP DATABASE ${name} WITH (FORCE)`);
  await rowsOf(server.href, `CREATE DATABASE ${name}`);
  await run('pg_restore', ['--exit-on-error', `--dbname=${url}`, file], { timeout: DEADLINE_MS });
}
