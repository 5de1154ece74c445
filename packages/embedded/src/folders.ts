import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Account, mayAccess } from './account.ts';
import type { Progress } from './server.ts';

/** A folder for the server, for this run only. */
export function temporaryFolder(account: Account, name: string): string {
  const folder = mkdtempSync(join(reachableTemp(account), `securechat-${name}-`));
  giveTo(account, folder);
  return folder;
}

/**
 * The wanted folder if the account can use it. Otherwise (root's checkout below a folder of mode 0700) one in the temp folder, always the
 * same, so that a second start finds the first one's data.
 */
export function durableFolder(account: Account, wanted: string, progress: Progress): string {
  const folder = resolve(wanted);
  const isNew = mkdirSync(folder, { recursive: true }) !== undefined;
  giveTo(account, folder);
  if (mayAccess(account, 'rwx', folder)) return folder;

  if (isNew) rmdirSync(folder); // an empty one would mislead whoever looks for the data
  const instead = stableFolder(account, `data-${hashOf(folder)}`);
  giveTo(account, instead);
  progress(`${folder} cannot be reached by the unprivileged user that runs the server: using ${instead}`);
  return instead;
}

/** A folder in the temp folder with a fixed name that nobody else can have prepared. */
export function stableFolder(account: Account, name: string): string {
  const folder = join(reachableTemp(account), `securechat-${process.getuid?.() ?? 0}-${name}`);
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o755 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || ![process.getuid?.(), account.uid].includes(found.uid)) {
    throw new Error(`${folder} belongs to somebody else: remove it, or set TMPDIR to a folder of your own.`);
  }
  chmodSync(folder, 0o755); // in spite of a strict umask
  return folder;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function giveTo({ uid, gid }: Account, folder: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  chmodSync(folder, 0o700);
}

function reachableTemp(account: Account): string {
  const found = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => mayAccess(account, 'rwx', folder));
  if (found === undefined)
    throw new Error(`No usable temp folder: set TMPDIR (now ${tmpdir()}) to a writable one.`);
  return found;
}
