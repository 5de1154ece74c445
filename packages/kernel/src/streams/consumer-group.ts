import type { Redis } from 'ioredis';
import { isError } from '../errors.ts';

/** Starts at the beginning of each stream, to include what arrived before the group existed. An existing group is kept. */
export async function createGroups(redis: Redis, streams: readonly string[], group: string): Promise<void> {
  for (const stream of streams) {
    try {
      await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(isError(error) && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }
}

/** Redis came back empty, or the stream was deleted during a read: the group must be recreated. */
export function isNoGroup(error: unknown): boolean {
  return isError(error) && /^-?(NOGROUP|UNBLOCKED)/.test(error.message);
}
