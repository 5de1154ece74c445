import type { RedisClient } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';
import { heartbeatScript, registerScript, removeScript } from './scripts.ts';

/** Where a device is connected. */
export type Route = { device: number; gateway: string; connection: number };

export type Registration =
  /** `since` orders the connections of a device in time; pass it when registering again. */
  | { outcome: 'registered'; since: string; replaced?: { gateway: string; connection: number } }
  | { outcome: 'outdated' }
  | { outcome: 'limit' };

/** A gateway counts as dead after this long without a heartbeat; it sends one every 2 s. */
export const GATEWAY_DEAD_AFTER_MS = 8_000;
export const GATEWAY_HEARTBEAT_MS = 2_000;

/**
 * Who is connected where. Nothing here is guaranteed: a route may be stale, and whoever writes to a dead gateway's
 * stream finds out there. Routes are looked up afresh after every commit, never cached: a gateway registers a route
 * before it reads the device's mailbox, so a message is either in that page or finds the new route.
 */
export type Directory = {
  /** All keys that gateways write here. */
  readonly keys: readonly string[];
  register(connection: {
    user: number;
    device: number;
    gateway: string;
    connection: number;
    since?: string | undefined;
    maxConnections: number;
    liveGateways: readonly string[];
  }): Promise<Registration>;
  remove(connection: { user: number; gateway: string; connection: number }): Promise<void>;
  /** A gateway turned out to be dead: removes these users' routes to it. */
  forgetGateway(gateway: string, users: readonly number[]): Promise<void>;
  /** Routes of each user that has any. */
  locate(users: readonly number[]): Promise<Map<number, Route[]>>;
  /** Resolves with the live gateways. */
  heartbeat(gateway: string): Promise<string[]>;
  /** A gateway that stops cleanly need not be waited for. */
  leave(gateway: string): Promise<void>;
};

export function createDirectory(redis: RedisClient, options: { prefix: string; shards: number }): Directory {
  const keys = directoryKeys(options.prefix, options.shards);
  return {
    keys: [keys.gateways, ...Array.from({ length: options.shards }, (_, shard) => keys.routes(shard))],

    async register(c) {
      const live = c.liveGateways.includes(c.gateway) ? c.liveGateways : [...c.liveGateways, c.gateway];
      const reply = await registerScript.run(
        redis,
        [keys.routes(c.user)],
        [
          c.user,
          c.device,
          c.gateway,
          c.connection,
          c.since ?? '',
          c.maxConnections,
          JSON.stringify(live),
          GATEWAY_DEAD_AFTER_MS,
        ],
      );
      const [outcome, since = '', gateway = '', connection = ''] = reply;
      if (outcome === 'limit' || outcome === 'outdated') return { outcome };
      const registered = { outcome: 'registered', since } as const;
      return gateway === ''
        ? registered
        : { ...registered, replaced: { gateway, connection: Number(connection) } };
    },

    async remove({ user, gateway, connection }) {
      await removeScript.run(redis, [keys.routes(user)], [user, gateway, connection]);
    },

    async forgetGateway(gateway, users) {
      await Promise.all(
        users.map((user) => removeScript.run(redis, [keys.routes(user)], [user, gateway, ''])),
      );
    },

    async locate(users) {
      const byShard = Map.groupBy(new Set(users), (user) => keys.routes(user));
      const found = new Map<number, Route[]>();
      await Promise.all(
        [...byShard].map(async ([key, shardUsers]) => {
          const values = await redis.hmget(key, ...shardUsers.map(String));
          shardUsers.forEach((user, index) => {
            const value = values[index];
            if (value) found.set(user, parseRoutes(value));
          });
        }),
      );
      return found;
    },

    heartbeat: (gateway) => heartbeatScript.run(redis, [keys.gateways], [gateway, GATEWAY_DEAD_AFTER_MS]),

    async leave(gateway) {
      await redis.zrem(keys.gateways, gateway);
    },
  };
}

function parseRoutes(json: string): Route[] {
  const routes = JSON.parse(json) as { d: number; g: string; c: number }[];
  return routes.map(({ d, g, c }) => ({ device: d, gateway: g, connection: c }));
}
