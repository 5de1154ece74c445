import type { Answer, PresenceRequests, WatchedState } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { PresenceKeys } from '../status/keys.ts';
import type { States, Statuses } from '../status/statuses.ts';
import type { Watchers } from '../status/watchers.ts';
import { findVisible } from '../store/audience.ts';
import type { LastSeen } from '../store/last-seen.ts';

export type WatchParts = {
  pool: Pool;
  keys: PresenceKeys;
  statuses: Statuses;
  watchers: Watchers;
  lastSeen: LastSeen;
};

/**
 * The states of the users whom the asker may see. The gateway is registered before the states are read, so that every
 * change is either in the answer or sent afterwards.
 */
export async function watch(
  { pool, keys, statuses, watchers, lastSeen }: WatchParts,
  gateway: string,
  ask: PresenceRequests['watch']['ask'],
): Promise<Answer<'presence', 'watch'>> {
  const visible = await findVisible(pool, ask, ask.names);
  await watchers.add(
    gateway,
    visible.map(({ user }) => user),
  );
  const byShard = Map.groupBy(visible, ({ user }) => keys.shardOf(user));
  const read = await Promise.all(
    [...byShard].map(([shard, some]) =>
      statuses.read(
        shard,
        some.map(({ user }) => user),
      ),
    ),
  );
  const states = new Map(read.flatMap((part) => part.states));
  const hours = await lastSeen.of(
    visible.flatMap(({ user, last_seen }) =>
      states.get(user) === 'offline' && last_seen === 'hour' ? [user] : [],
    ),
  );
  return {
    at: oldest(read),
    states: visible.map(({ user, user_id }): WatchedState => {
      const last_seen = hours.get(user);
      const status = states.get(user) ?? 'offline';
      return { user, user_id, status, ...(last_seen === undefined ? {} : { last_seen }) };
    }),
  };
}

/** Several Redis nodes have several clocks: later changes must count as newer. */
const oldest = (read: readonly States[]): number =>
  Math.min(...read.map(({ at }) => at), Number.MAX_SAFE_INTEGER);
