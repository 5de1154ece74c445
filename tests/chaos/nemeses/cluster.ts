import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterNode, RedisCluster } from '@securechat/testkit';
import type { Random } from '../random.ts';
import type { Nemesis } from './nemesis.ts';

/** Between the failures of two masters, so that what was taken over can be lost again. */
const BETWEEN_MS = 4_000;

/**
 * Slots in use move between masters under load, and half-way some master is killed: the source, the target, or the third. For a while
 * nobody serves its slots; then its replica takes over, and it comes back as a replica.
 */
export const reshardCluster: Nemesis = {
  what: 'move slots of a Redis Cluster, and kill -9 a master half-way',
  hurts: 'redis',
  stack: 'cluster',
  async strike({ world, random, lastsMs, times }) {
    const { cluster } = world;
    if (!cluster) throw new Error('the run was opened without a cluster');
    const done: string[] = [];
    for (let n = 0; n < times; n++) {
      if (n > 0) await wait(BETWEEN_MS);
      done.push(await reshard(cluster, random, lastsMs));
    }
    return done.join('; ');
  },
};

async function reshard(cluster: RedisCluster, random: Random, lastsMs: number): Promise<string> {
  const masters = random.shuffled(await cluster.masters());
  const [from, to] = masters;
  const doomed = random.pick(masters);
  if (!from || !to) throw new Error('a cluster of one master has nowhere to move its slots');
  const slots = random.shuffled(await slotsInUse(from));
  const half = Math.ceil(slots.length / 2);
  await cluster.moveSlots(slots.slice(0, half), to);
  await doomed.kill();
  await wait(lastsMs);
  await cluster.failOver(doomed);
  await doomed.start();
  await cluster.settled();
  const heir = (await cluster.masters()).includes(to) ? to : random.pick(await cluster.masters());
  await cluster.moveSlots(slots.slice(half), heir);
  const role = doomed === from ? 'that gave' : doomed === to ? 'that took' : 'that looked on';
  return `moved ${slots.length} slots, killed the master ${role}, whose part was away for ${lastsMs / 1000} s`;
}

/** Slots of this master's present keys. Sorted, so that choices do not depend on Redis's order. */
async function slotsInUse(master: ClusterNode): Promise<number[]> {
  const keys = (await master.ask('KEYS', '*')).split('\n').filter((key) => key !== '');
  const slots = await Promise.all(keys.map((key) => master.ask('CLUSTER', 'KEYSLOT', key)));
  return [...new Set(slots.map(Number))].toSorted((one, other) => one - other);
}
