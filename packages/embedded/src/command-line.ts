import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process's command line; empty when there is no such process. */
export function commandLineOf(pid: number): string {
  if (process.platform === 'linux') {
    // small images have no ps
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
