import type { Logger, RedisClient } from '@securechat/kernel';

/** Nobody waits longer than five seconds for what stands in the stream; what was read would stay in it, and who writes to whom must not. */
const KEPT_MS = 6_000;
const EVERY_MS = 1_000;

/** Keeps the stream of requests as short as what is in it lives. By the clock of Redis, which also made the ids. */
export function startTrim(redis: RedisClient, stream: string, logger: Logger): { stop(): void } {
  async function trim(): Promise<void> {
    const [newest] = (await redis.time()) as (string | number)[];
    const nowMs = Number(newest) * 1000;
    await redis.xtrim(stream, 'MINID', String(nowMs - KEPT_MS));
  }
  const timer = setInterval(() => {
    trim().catch((err: unknown) => logger.debug({ err }, 'stream not trimmed; next time'));
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
