import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(256 * 1024);

/** Why there can be no small disk here; undefined where there can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'mounting a small disk needs Linux and root';
  try {
    mountDisk('1m').unmount();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A disk of this size (`64m`) in a folder of its own, which everybody may enter. */
export function mountDisk(size: string): { folder: string; unmount(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder);
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  chmodSync(folder, 0o755);
  return {
    folder,
    unmount() {
      run('umount', '-l', folder);
      rmdirSync(folder);
    },
  };
}

/** Writes a file until the disk is full. */
export function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

/** Copies a folder with owners and modes. */
export const copyFolder = (from: string, to: string): void => run('cp', '-a', from, to);

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr.trim()}`);
}
