import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@securechat/testkit';
import type { World } from '../world.ts';
import type { Scene } from './nemesis.ts';
import { copyFolder, fill, mountDisk } from './small-disk.ts';

/** Sixteen log segments: two or three are in use, more when a busy machine comes late with its checkpoint. */
const DISK = '256m';
/** Otherwise segments created before the disk was full would last for a long time. */
const SMALL_LOG = ["max_wal_size = '48MB'", "min_wal_size = '32MB'", 'wal_recycle = off'];
const REFUSES_WITHIN_MS = 20_000;
const COMMITS_WITHIN_MS = 30_000;

/**
 * The write-ahead log fills its disk: Postgres cannot commit, and ends. Once there is space it is restarted, as an operator would do.
 * Before, the log moves to a small disk, and afterwards back; each move is an orderly restart.
 */
export async function fillPostgres({ world, lastsMs }: Scene): Promise<string> {
  const { postgres } = world;
  const log = join(postgres.dir ?? '', 'cluster', 'pg_wal');
  const disk = mountDisk(DISK);
  const small = join(disk.folder, 'pg_wal');
  try {
    for (const setting of SMALL_LOG) await world.rows(`ALTER SYSTEM SET ${setting}`);
    await world.rows('SELECT pg_reload_conf()');
    for (let n = 0; n < 2; n++) await world.rows('CHECKPOINT');
    await restarted(world, () => {
      copyFolder(log, small);
      renameSync(log, `${log}.former`);
      symlinkSync(small, log);
    });
    rmSync(`${log}.former`, { recursive: true });
    await wait(lastsMs);

    const filler = join(disk.folder, 'filler');
    fill(filler);
    try {
      await until('Postgres commits nothing', async () => !(await commits(world)), REFUSES_WITHIN_MS);
      await wait(lastsMs);
    } finally {
      rmSync(filler);
    }
    await restarted(world, () => undefined, 'SIGQUIT');
    await until('Postgres commits again', () => commits(world), COMMITS_WITHIN_MS);
    await wait(lastsMs);

    await restarted(world, () => {
      rmSync(log);
      copyFolder(small, log);
    });
    await world.rows('ALTER SYSTEM RESET ALL');
    await world.rows('SELECT pg_reload_conf()');
    return `Postgres had no room for ${lastsMs / 1000} s, committed nothing, and was started again with room`;
  } finally {
    disk.unmount();
  }
}

/** SIGINT: orderly. SIGQUIT: works even when it cannot write any more. */
async function restarted(
  { postgres }: World,
  meanwhile: () => void,
  signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT',
): Promise<void> {
  await postgres.end(signal);
  meanwhile();
  await postgres.start();
}

/** The first query starts a new log segment; the second is a transaction with an id, which is logged. */
async function commits(world: World): Promise<boolean> {
  try {
    await world.rows('SELECT pg_switch_wal()');
    await world.rows('SELECT pg_current_xact_id()');
    return true;
  } catch {
    return false;
  }
}
