import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { askRedis, startOwnRedis, until } from '@securechat/testkit';
import { redisUserLines } from '../../support/redis-users.ts';
import { OWN_PREFIX } from '../../support/stores.ts';
import type { World } from '../world.ts';
import type { Nemesis, Scene } from './nemesis.ts';
import { fillPostgres } from './postgres-disk.ts';
import { fill, mountDisk } from './small-disk.ts';

/** The same for every Redis of a run. */
const users = redisUserLines(OWN_PREFIX);

const DISK = '64m';
const REFUSES_WITHIN_MS = 10_000;
const TAKES_WITHIN_MS = 10_000;

export const fillDisks: Nemesis = {
  what: 'fill the disk of Redis, then that of Postgres',
  hurts: 'disks',
  strike: async (scene) => `${await fillRedis(scene)}; ${await fillPostgres(scene)}`,
};

/**
 * Redis's append-only file fills its disk: Redis refuses every write (MISCONF), and accepts them again once there is space. Before, the
 * run moves to a Redis on a small disk, and afterwards to another one; both start empty.
 */
async function fillRedis({ world, lastsMs }: Scene): Promise<string> {
  const disk = mountDisk(DISK);
  try {
    const small = await startOwnRedis({ appendonly: true, within: disk.folder, users });
    await moveTo(world, small);
    await wait(lastsMs);
    const filler = join(disk.folder, 'filler');
    fill(filler);
    try {
      await until('Redis refuses writes', () => refusesWrites(small.url), REFUSES_WITHIN_MS);
      await wait(lastsMs);
    } finally {
      rmSync(filler);
    }
    await until('Redis takes writes again', async () => !(await refusesWrites(small.url)), TAKES_WITHIN_MS);
    await wait(lastsMs);
    const next = await startOwnRedis({ appendonly: true, users });
    world.further.push(next);
    await moveTo(world, next);
    await small.stop();
    return `Redis had no room for ${lastsMs / 1000} s, refused writes, then took them again`;
  } finally {
    disk.unmount();
  }
}

async function moveTo(world: World, next: World['redis']): Promise<void> {
  const former = world.redis;
  world.redis = next;
  world.edges.moveRedis(next.port);
  await former.end('SIGKILL');
}

async function refusesWrites(url: string): Promise<boolean> {
  const answer = await askRedis(url, 'SET', 'chaos-probe', '1').catch((error: Error) => error.message);
  return String(answer).includes('MISCONF');
}
