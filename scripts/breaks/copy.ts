import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installTree, runCommand } from '../command.ts';
import { ROOT } from '../tools.ts';

/** An installed copy of all files that git does not ignore, so that breaking it breaks nothing else. */
export function createCopy(say: (line: string) => void): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'securechat-breaks-'));
  const files = runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
  });
  for (const file of files.toString('utf8').split('\0')) {
    if (file !== '') cpSync(join(ROOT, file), join(path, file), { recursive: true });
  }
  say('installing a copy of the project to break');
  installTree(path);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Throws git's own message when the patch does not apply. */
export function applyPatch(copy: string, patch: string, options: { reverse?: boolean } = {}): void {
  runCommand('git', ['apply', '--whitespace=nowarn', ...(options.reverse ? ['--reverse'] : []), patch], {
    cwd: copy,
    // the copy is no repository, and git must not take a parent folder for one
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) },
  });
}
