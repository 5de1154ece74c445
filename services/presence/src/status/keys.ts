/**
 * Redis keys of presence, all of which may vanish: gateways report what they know again within seconds.
 *
 * `…:{s.N}:status`         hash, user → devices and status, N by user number
 * `…:{s.N}:leases`         sorted set, device → when its lease ends
 * `…:{s.N}:changed`        sorted set, user → since when a change waits to be sent
 * `…:{s.N}:last-seen`      sorted set, user → when it went offline; until that is in Postgres
 * `…:{s.N}:p2p:USER:ID`    hash, a direct connection that USER has offered: who has answered; expires
 * `…:{s.N}:watchers:USER`  hash, gateway → until when it wants to hear about the user, ms; expires
 */
export type Shard = { status: string; leases: string; changed: string; lastSeen: string };
export type PresenceKeys = {
  readonly shards: readonly Shard[];
  shardOf(user: number): Shard;
  watchers(user: number): string;
  /** `user` is the offerer. */
  session(user: number, id: string): string;
};

export function presenceKeys(prefix: string, count: number): PresenceKeys {
  const tag = (index: number): string => `${prefix}:{s.${index}}`;
  const shards = Array.from({ length: count }, (_, index): Shard => {
    const at = tag(index);
    return {
      status: `${at}:status`,
      leases: `${at}:leases`,
      changed: `${at}:changed`,
      lastSeen: `${at}:last-seen`,
    };
  });
  return {
    shards,
    shardOf: (user) => shards[user % count] as Shard,
    session: (user, id) => `${tag(user % count)}:p2p:${user}:${id}`,
    watchers: (user) => `${tag(user % count)}:watchers:${user}`,
  };
}
