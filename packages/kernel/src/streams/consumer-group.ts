import type { Redis } from 'ioredis';
import { isError } from '../errors.ts';

export type ConsumerGroup = {
  /** Before each read. Costs nothing while the group is known to exist. */
  ensure(redis: Redis): Promise<void>;
  /** Whether this error of a read says that Redis has lost the group. If so, the next `ensure` makes it again. */
  isGone(error: unknown): boolean;
};

/** A group that reads each stream from its beginning, to include what arrived before the group existed. */
export function createConsumerGroup(streams: readonly string[], group: string): ConsumerGroup {
  let isThere = false;

  return {
    async ensure(redis) {
      if (isThere) return;
      for (const stream of streams) await create(redis, stream, group);
      isThere = true;
    },
    isGone(error) {
      const isGone = isNoGroup(error);
      if (isGone) isThere = false;
      return isGone;
    },
  };
}

/** An existing group is kept. */
async function create(redis: Redis, stream: string, group: string): Promise<void> {
  try {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
  } catch (error) {
    if (!(isError(error) && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

/** Redis came back empty, or the stream was deleted during a read. */
function isNoGroup(error: unknown): boolean {
  return isError(error) && /^-?(NOGROUP|UNBLOCKED)/.test(error.message);
}
