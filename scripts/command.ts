// Runs a program to completion, and installs another tree of this project.
import { spawnSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Returns the program's output; throws with its error output when it failed. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Buffer {
  const result = spawnSync(command, args, { ...options, maxBuffer: MAX_OUTPUT_BYTES });
  if (result.status === 0) return result.stdout;
  const reason = result.error?.message ?? result.stderr.toString('utf8').trim();
  throw new Error(`${command} ${args.slice(0, 2).join(' ')} failed: ${reason}`);
}

/** The first step of every project command, without the command itself. */
const INSTALL = `
  import { installPackages } from './scripts/install.mjs';
  const fault = installPackages(process.cwd());
  if (fault) { console.error(fault); process.exit(1); }`;

/** Installs the packages of the tree's lockfile with its own installer. */
export function installTree(path: string): void {
  runCommand(process.execPath, ['--input-type=module', '--eval', INSTALL], { cwd: path });
}
