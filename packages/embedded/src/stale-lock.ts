import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandLineOf } from './command-line.ts';

/** A server told to end may still be there for a moment. */
const ENDING_GRACE_MS = 5_000;

/**
 * Postgres stores its process id in postmaster.pid, which stays after a crash. Postgres trusts it if any process has that id now, which
 * is likely after a restart of the machine or container; so we check more closely.
 */
export async function clearStaleLock(cluster: string): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const deadline = Date.now() + ENDING_GRACE_MS;
  for (;;) {
    const pid = readPid(lock);
    if (pid === undefined) return;
    if (!isPostgresOn(pid, cluster)) {
      rmSync(lock, { force: true });
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `${cluster} is in use by the Postgres process ${pid}: stop whoever started it, or kill it.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function readPid(lock: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(lock, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isPostgresOn(pid: number, cluster: string): boolean {
  const command = commandLineOf(pid);
  return command.includes('postgres') && command.includes(cluster);
}
