import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../tools.ts';

/** What every command of the project does first, without the command. */
const INSTALL = `
  import { installPackages } from './scripts/install.mjs';
  const fault = installPackages(process.cwd());
  if (fault) { console.error(fault); process.exit(1); }`;

/** A copy of the files git knows or does not ignore, installed, so that breaking it breaks nothing else. */
export function createCopy(say: (line: string) => void): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'securechat-breaks-'));
  for (const file of run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], ROOT).split(
    '\0',
  )) {
    if (file !== '') cpSync(join(ROOT, file), join(path, file), { recursive: true });
  }
  say('installing a copy of the project to break');
  run(process.execPath, ['--input-type=module', '--eval', INSTALL], path);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Throws with git's own words when the patch does not apply. */
export function applyPatch(copy: string, patch: string, options: { reverse?: boolean } = {}): void {
  run('git', ['apply', '--whitespace=nowarn', ...(options.reverse ? ['--reverse'] : []), patch], copy, {
    ...process.env,
    // The copy is no repository; one above it must not be taken for it.
    GIT_CEILING_DIRECTORIES: dirname(copy),
  });
}

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr || result.error?.message}`);
  return result.stdout;
}
