// The previous release, as a tree that can run beside this one.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installTree, runCommand } from '../command.ts';
import { ROOT } from '../tools.ts';

export type Release = { version: string; commit: string; path: string };

/**
 * The last commit whose `package.json` had a different version, or `wanted`, a commit or tag; unpacked and installed below
 * `.cache/releases`, and kept there for the next time.
 */
export function installPreviousRelease(say: (line: string) => void, wanted?: string): Release {
  const commit =
    wanted === undefined ? lastCommitOfPreviousVersion() : lineOf(git('rev-parse', `${wanted}^{commit}`));
  const path = join(ROOT, '.cache', 'releases', commit);
  const release = { version: versionAt(commit), commit, path };
  if (existsSync(path)) return release;
  say(`unpacking and installing ${release.version} (${commit.slice(0, 7)})`);
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const archive = join(unfinished, 'release.tar');
  writeFileSync(archive, git('archive', '--format=tar', commit));
  runCommand('tar', ['-xf', archive], { cwd: unfinished });
  rmSync(archive);
  installTree(unfinished);
  renameSync(unfinished, path);
  return release;
}

/** A release starts where the version is raised; the commit before that is the last one of the previous release. */
function lastCommitOfPreviousVersion(): string {
  const now = versionAt('HEAD');
  let raisedIn: string | undefined;
  for (const commit of lineOf(git('log', '--format=%H', '--', 'package.json')).split('\n')) {
    if (versionAt(commit) !== now) break;
    raisedIn = commit;
  }
  if (raisedIn === undefined)
    throw new Error('package.json is in no commit: an upgrade starts from a commit.');
  return lineOf(git('rev-parse', `${raisedIn}^`));
}

function versionAt(commit: string): string {
  return (JSON.parse(git('show', `${commit}:package.json`).toString('utf8')) as { version: string }).version;
}

const lineOf = (output: Buffer): string => output.toString('utf8').trim();

function git(...args: string[]): Buffer {
  try {
    return runCommand('git', args, { cwd: ROOT });
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\n` +
        'The release before this one comes from the history of git; a shallow clone gets it by: git fetch --unshallow',
      { cause: error },
    );
  }
}
