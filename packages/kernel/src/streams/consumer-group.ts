import type { Redis } from 'ioredis';
import { isError } from '../errors.ts';

/** From the start of each stream: what came while there was no group is wanted. One that is there already stays as it is. */
export async function createGroups(redis: Redis, streams: readonly string[], group: string): Promise<void> {
  for (const stream of streams) {
    try {
      await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(isError(error) && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }
}

/** Redis came back empty, or the stream was deleted during a read: the group has to be made again. */
export function isNoGroup(error: unknown): boolean {
  return isError(error) && /^-?(NOGROUP|UNBLOCKED)/.test(error.message);
}
