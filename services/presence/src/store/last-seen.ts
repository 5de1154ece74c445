import type { Logger, RedisClient } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { PresenceMetrics } from '../metrics.ts';
import type { PresenceKeys, Shard } from '../status/keys.ts';

/** Rows per statement. */
const AT_ONCE = 500;
const HOUR_SECONDS = 3600;

export type LastSeen = {
  /** The hour in which each of these users was last online, in Unix seconds; users without a known time are omitted. */
  of(users: readonly number[]): Promise<Map<number, number>>;
  start(): void;
  /** Tries once more to write what is queued. */
  stop(): Promise<void>;
};

/**
 * When users went offline: kept in Redis, then written to Postgres in batches and only as precisely as it is shown:
 * the hour, and nothing for users who hide it. If Redis or the writing process is lost in between, the previous time
 * stands.
 */
export function createLastSeen(parts: {
  redis: RedisClient;
  keys: PresenceKeys;
  pool: Pool;
  everyMs: number;
  metrics: PresenceMetrics;
  logger: Logger;
}): LastSeen {
  const { redis, keys, pool, everyMs, metrics, logger } = parts;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  async function writeShard(shard: Shard): Promise<void> {
    for (;;) {
      const rows = pairs(await redis.zpopmin(shard.lastSeen, AT_ONCE));
      if (rows.length === 0) return;
      await writeRows(rows).catch(async (error: unknown) => {
        await redis.zadd(shard.lastSeen, 'GT', ...rows.flatMap(([user, ms]) => [ms, user]));
        throw error;
      });
      metrics.lastSeenWritten(rows.length);
      if (rows.length < AT_ONCE) return;
    }
  }

  async function writeRows(rows: [user: number, ms: number][]): Promise<void> {
    await pool.query({
      name: 'write-last-seen',
      text: `INSERT INTO presence.last_seen AS l (user_id, seen_at)
             SELECT user_id, to_timestamp(hour) FROM unnest($1::bigint[], $2::bigint[]) AS t(user_id, hour)
              WHERE NOT EXISTS (SELECT FROM presence.settings s WHERE s.user_id = t.user_id AND s.last_seen = 'hidden')
              ORDER BY user_id
             ON CONFLICT (user_id) DO UPDATE SET seen_at = GREATEST(l.seen_at, excluded.seen_at)`,
      values: [rows.map(([user]) => user), rows.map(([, ms]) => hourOf(ms))],
    });
  }

  async function writeAll(): Promise<void> {
    for (const shard of keys.shards) await writeShard(shard);
  }

  function write(): Promise<void> {
    writing ??= writeAll()
      .catch((err: unknown) => logger.warn({ err }, 'last-seen times not written; retrying next time'))
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  async function waiting(users: readonly number[]): Promise<(number | undefined)[]> {
    return await Promise.all(
      users.map(async (user) => {
        const score = await redis.zscore(keys.shardOf(user).lastSeen, String(user));
        return score === null ? undefined : Number(score);
      }),
    );
  }

  return {
    async of(users) {
      if (users.length === 0) return new Map();
      const found = await pool.query<{ user_id: number; ms: number }>({
        name: 'read-last-seen',
        text: `SELECT user_id, floor(extract(epoch FROM seen_at) * 1000)::bigint AS ms
                 FROM presence.last_seen WHERE user_id = ANY($1)`,
        values: [users],
      });
      const times = new Map(found.rows.map((row) => [row.user_id, row.ms]));
      (await waiting(users)).forEach((ms, index) => {
        const user = users[index];
        if (ms !== undefined && user !== undefined) times.set(user, Math.max(ms, times.get(user) ?? 0));
      });
      return new Map([...times].map(([user, ms]) => [user, hourOf(ms)]));
    },
    start() {
      timer = setInterval(() => void write(), everyMs);
    },
    async stop() {
      clearInterval(timer);
      await write();
    },
  };
}

const hourOf = (ms: number): number => Math.floor(ms / 1000 / HOUR_SECONDS) * HOUR_SECONDS;

function pairs(flat: readonly string[]): [user: number, ms: number][] {
  const rows: [number, number][] = [];
  for (let at = 0; at < flat.length; at += 2) rows.push([Number(flat[at]), Number(flat[at + 1])]);
  return rows;
}
