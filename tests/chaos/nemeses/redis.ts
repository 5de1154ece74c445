import { setTimeout as wait } from 'node:timers/promises';
import { askRedis, startOwnRedis, until } from '@securechat/testkit';
import { redisUserLines } from '../../support/redis-users.ts';
import { OWN_PREFIX } from '../../support/stores.ts';
import { startFaultProxy } from '../proxy.ts';
import type { Nemesis } from './nemesis.ts';

/** The same for every Redis of a run. */
const users = redisUserLines(OWN_PREFIX);

const PAUSE_MS = 10_000;
/** How long the replica receives nothing before it is promoted. */
const LAG_MS = 1_500;
const REPLICA_DEADLINE_MS = 15_000;

export const emptyRedis: Nemesis = {
  what: 'kill Redis, start it empty',
  hurts: 'redis',
  async strike({ world, random }) {
    await world.redis.end('SIGKILL');
    const awayMs = random.between(0, 1_500);
    await wait(awayMs);
    await world.redis.startEmpty();
    return `away for ${awayMs} ms`;
  },
};

export const killRedis: Nemesis = {
  what: 'kill Redis, start it with its append-only file',
  hurts: 'redis',
  async strike({ world, random }) {
    await world.redis.end('SIGKILL');
    const awayMs = random.between(0, 2_500);
    await wait(awayMs);
    await world.redis.start();
    return `away for ${awayMs} ms`;
  },
};

export const pauseRedis: Nemesis = {
  what: 'SIGSTOP Redis for 10 s',
  hurts: 'redis',
  async strike({ world }) {
    await world.redis.pause();
    try {
      await wait(PAUSE_MS);
    } finally {
      await world.redis.resume();
    }
    return 'paused and resumed';
  },
};

export const failOver: Nemesis = {
  what: 'fail over to a replica that lags behind',
  hurts: 'redis',
  async strike({ world }) {
    const former = world.redis;
    const replication = await startFaultProxy({ port: former.port });
    const replica = await startOwnRedis({ appendonly: true, users });
    world.further.push(replica);
    try {
      await askRedis(replica.url, 'REPLICAOF', '127.0.0.1', replication.port);
      await until('the replica has caught up', () => isInSync(replica.url), REPLICA_DEADLINE_MS);
      replication.set({ kind: 'blackhole', of: ['up', 'down'] });
      await wait(LAG_MS);
      const behind = (await offsetOf(former.url)) - (await offsetOf(replica.url));
      await former.end('SIGKILL');
      await askRedis(replica.url, 'REPLICAOF', 'NO', 'ONE');
      world.redis = replica;
      world.edges.moveRedis(replica.port);
      return `promoted a replica ${behind} bytes behind`;
    } finally {
      await replication.close();
    }
  },
};

async function replicationOf(url: string): Promise<string> {
  return String(await askRedis(url, 'INFO', 'replication'));
}

const isInSync = async (url: string): Promise<boolean> =>
  (await replicationOf(url)).includes('master_link_status:up');

async function offsetOf(url: string): Promise<number> {
  const text = await replicationOf(url);
  const offset = /^slave_repl_offset:(\d+)/m.exec(text) ?? /^master_repl_offset:(\d+)/m.exec(text);
  return Number(offset?.[1] ?? 0);
}
