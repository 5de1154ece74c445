import { type Logger, type RedisClient, repeatEvery } from '@securechat/kernel';

/**
 * Nobody waits longer than five seconds for what is in the stream; entries already read would stay in it, and must
 * not, since they show who writes to whom.
 */
const KEPT_MS = 6_000;
const EVERY_MS = 1_000;

/** Keeps the request stream no longer than its entries are valid. Uses Redis' clock, which also made the ids. */
export function startTrim(redis: RedisClient, stream: string, logger: Logger): { stop(): Promise<void> } {
  async function trim(): Promise<void> {
    const [newest] = (await redis.time()) as (string | number)[];
    const nowMs = Number(newest) * 1000;
    await redis.xtrim(stream, 'MINID', String(nowMs - KEPT_MS));
  }
  return repeatEvery(EVERY_MS, trim, (err) =>
    logger.debug({ err }, 'stream not trimmed; retrying next time'),
  );
}
