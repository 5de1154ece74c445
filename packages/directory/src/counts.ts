import { type RedisClient, redisTimeMs } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';

/** How gateways count a user's messages: as leases, in the bucket in which each was granted (lease.lua). */
export const messageCount = { windowMs: 60_000, leaseMs: 5_000, bucketMs: 5_000 } as const;
/** A lease counts until one window after it can last be used. */
export const MESSAGE_BUCKETS = (messageCount.windowMs + messageCount.leaseMs) / messageCount.bucketMs + 1;
/** Group operations and commits, each by its time (group-operation.lua). */
export const GROUP_WINDOW_MS = 60_000;
/** Conversations that a user begins, counted likewise. */
export const CONVERSATION_WINDOW_MS = 86_400_000;

/** What currently counts against a user's limits. Includes messages leased to a gateway but not sent yet. */
export type Counts = Record<
  'messages' | 'groupOperations' | 'groupCommits' | 'conversations' | 'connections',
  number
>;

/** Read-only: changes none of the counts. */
export async function readCounts(
  redis: RedisClient,
  options: { prefix: string; shards: number },
  user: number,
): Promise<Counts> {
  const keys = directoryKeys(options.prefix, options.shards);
  const [time, buckets, operations, commits, conversations, routes] = await Promise.all([
    redis.time(),
    redis.hgetall(keys.messages(user)),
    redis.lrange(keys.groupOperations(user), 0, -1),
    redis.lrange(keys.groupCommits(user), 0, -1),
    redis.lrange(keys.conversations(user), 0, -1),
    redis.hget(keys.routes(user), String(user)),
  ]);
  const nowMs = Math.floor(redisTimeMs(time));
  const oldest = Math.floor(nowMs / messageCount.bucketMs) - MESSAGE_BUCKETS + 1;
  const young = (times: readonly string[], windowMs: number): number =>
    times.filter((time) => Number(time) + windowMs >= nowMs).length;
  return {
    messages: Object.entries(buckets)
      .filter(([bucket]) => Number(bucket) >= oldest)
      .reduce((sum, [, count]) => sum + Number(count), 0),
    groupOperations: young(operations, GROUP_WINDOW_MS),
    groupCommits: young(commits, GROUP_WINDOW_MS),
    conversations: young(conversations, CONVERSATION_WINDOW_MS),
    connections: routes === null ? 0 : (JSON.parse(routes) as unknown[]).length,
  };
}
