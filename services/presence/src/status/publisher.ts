import type { OutStreams } from '@securechat/directory';
import { type Logger, type RedisClient, repeatEvery } from '@securechat/kernel';
import type { OutRecord, Packed } from '@securechat/protocol/internal';
import type { PresenceMetrics } from '../metrics.ts';
import type { PresenceKeys, Shard } from './keys.ts';
import type { States, Statuses } from './statuses.ts';
import type { Watchers } from './watchers.ts';

/** All changes of a user within this time are sent as one. */
const TURN_MS = 500;
/** Beyond this many seconds' worth, the oldest are dropped: their watchers ask again within minutes. */
const MOST_SECONDS_BEHIND = 30;
const NOTHING = new Uint8Array(0);

export type Publisher = {
  start(): void;
  stop(): Promise<void>;
};

/**
 * Sends users' changed statuses to gateways. A user is queued at most once, and its status at sending time is sent,
 * so exceeding the budget delays all changes, by no more than the number of users implies. Changes taken by a process
 * that dies are lost; watchers ask again within minutes.
 */
export function createPublisher(parts: {
  redis: RedisClient;
  keys: PresenceKeys;
  statuses: Statuses;
  watchers: Watchers;
  outStreams: OutStreams;
  changesPerSecond: number;
  metrics: PresenceMetrics;
  logger: Logger;
}): Publisher {
  const { redis, keys, statuses, watchers, outStreams, changesPerSecond, metrics, logger } = parts;
  const perShard = Math.max(1, Math.ceil((changesPerSecond * TURN_MS) / 1000 / keys.shards.length));
  const mostWaiting = Math.ceil((changesPerSecond * MOST_SECONDS_BEHIND) / keys.shards.length);
  let turns: { stop(): Promise<void> } | undefined;

  async function takeTurn(): Promise<void> {
    const ended = await statuses.expire();
    metrics.leasesEnded(ended);
    const waiting = await Promise.all(keys.shards.map(publishShard));
    metrics.changesWaiting.set(waiting.reduce((sum, count) => sum + count, 0));
  }

  async function publishShard(shard: Shard): Promise<number> {
    const popped = await redis.zpopmin(shard.changed, perShard);
    const users = popped.filter((_, index) => index % 2 === 0).map(Number);
    if (users.length === 0) return 0;
    const gateways = await watchers.of(users);
    const watched = new Map(users.map((user, index) => [user, gateways[index] ?? []]));
    const states = await statuses.read(
      shard,
      users.filter((user) => watched.get(user)?.length),
    );
    await tell(states, watched);
    metrics.changesTold(states.states.length);
    const dropped = await redis.zremrangebyrank(shard.changed, 0, -mostWaiting - 1);
    metrics.changesDropped(dropped);
    return await redis.zcard(shard.changed);
  }

  async function tell({ at, states }: States, watched: ReadonlyMap<number, string[]>): Promise<void> {
    const byGateway = new Map<string, States['states']>();
    for (const state of states) {
      for (const gateway of watched.get(state[0]) ?? []) {
        const list = byGateway.get(gateway);
        if (list) list.push(state);
        else byGateway.set(gateway, [state]);
      }
    }
    await Promise.all(
      [...byGateway].map(([gateway, some]) => {
        const record: Packed<OutRecord> = { head: { kind: 'presence', at, states: some }, body: NOTHING };
        return outStreams.send(gateway, [record]);
      }),
    );
  }

  return {
    start() {
      turns = repeatEvery(TURN_MS, takeTurn, (err) =>
        logger.warn({ err }, 'changes not sent; retrying next turn'),
      );
    },
    async stop() {
      await turns?.stop();
    },
  };
}
