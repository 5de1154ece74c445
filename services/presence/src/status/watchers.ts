import type { RedisClient } from '@securechat/kernel';
import { WATCH_LEASE_MS } from '@securechat/protocol/internal';
import type { PresenceKeys } from './keys.ts';

export type Watchers = {
  /** This gateway wants to hear about these users for one lease. */
  add(gateway: string, users: readonly number[]): Promise<void>;
  /** The gateways that want to hear about each of these users. */
  of(users: readonly number[]): Promise<string[][]>;
};

/**
 * Which gateways want to hear about whom. A dead gateway is told for one lease at most, which creates nothing. Leases are by the clocks
 * of presence processes, which may be minutes apart: a lease is three renewals long.
 */
export function createWatchers(parts: {
  redis: RedisClient;
  keys: PresenceKeys;
  now: () => number;
}): Watchers {
  const { redis, keys, now } = parts;

  async function addOne(gateway: string, user: number): Promise<void> {
    const key = keys.watchers(user);
    await Promise.all([redis.hset(key, gateway, now() + WATCH_LEASE_MS), redis.pexpire(key, WATCH_LEASE_MS)]);
  }

  return {
    async add(gateway, users) {
      await Promise.all(users.map((user) => addOne(gateway, user)));
    },
    async of(users) {
      const all = await Promise.all(users.map((user) => redis.hgetall(keys.watchers(user))));
      const nowMs = now();
      return all.map((gateways) =>
        Object.entries(gateways).flatMap(([gateway, until]) => (Number(until) > nowMs ? [gateway] : [])),
      );
    },
  };
}
