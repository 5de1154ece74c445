import { readFileSync } from 'node:fs';
import { loadScript, type RedisClient } from '@securechat/kernel';
import type { PresenceStatus } from '@securechat/protocol';
import type { DeviceStatus } from '@securechat/protocol/internal';
import type { PresenceKeys, Shard } from './keys.ts';

const lua = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');
const reportScript = loadScript<[ended: number, isMore: 0 | 1]>('report', lua('./report.lua'), 4);
const statesScript = loadScript<[nowMs: number, ...PresenceStatus[]]>(
  'states',
  lua('./states.lua'),
  1,
  'reads',
);

/** Leases ended per script run: the users of a killed gateway must not block Redis. */
const ENDED_AT_ONCE = 500;

/** Users' statuses at one moment, `at` in ms by the clock of the Redis that holds them. */
export type States = { at: number; states: [user: number, status: PresenceStatus][] };

export type Statuses = {
  /** What a gateway's devices report about themselves. */
  report(gateway: string, devices: readonly DeviceStatus[]): Promise<void>;
  /** Drops devices whose lease has ended. Resolves with their number. */
  expire(): Promise<number>;
  /** For users of one shard. */
  read(shard: Shard, users: readonly number[]): Promise<States>;
};

/** Statuses of devices, and through them of users: kept only in Redis, each change atomic. */
export function createStatuses(parts: {
  redis: RedisClient;
  keys: PresenceKeys;
  leaseMs: number;
  graceMs: number;
}): Statuses {
  const { redis, keys, leaseMs, graceMs } = parts;

  function run(shard: Shard, gateway: string, devices: readonly DeviceStatus[]): Promise<[number, 0 | 1]> {
    const { status, leases, changed, lastSeen } = shard;
    const args = [gateway, leaseMs, graceMs, ENDED_AT_ONCE, JSON.stringify(devices)];
    return reportScript.run(redis, [status, leases, changed, lastSeen], args);
  }

  async function expireShard(shard: Shard): Promise<number> {
    let sum = 0;
    for (;;) {
      const [ended, isMore] = await run(shard, '', []);
      sum += ended;
      if (isMore === 0) return sum;
    }
  }

  return {
    async report(gateway, devices) {
      const byShard = Map.groupBy(devices, ({ user }) => keys.shardOf(user));
      await Promise.all([...byShard].map(([shard, some]) => run(shard, gateway, some)));
    },
    async expire() {
      const ended = await Promise.all(keys.shards.map(expireShard));
      return ended.reduce((sum, count) => sum + count, 0);
    },
    async read(shard, users) {
      if (users.length === 0) return { at: 0, states: [] };
      const [at, ...statuses] = await statesScript.run(redis, [shard.status], users);
      return { at, states: users.map((user, index) => [user, statuses[index] ?? 'offline']) };
    },
  };
}
