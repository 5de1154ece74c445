import type { RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';

/** Nobody waits that long for the answer to a request, whatever became of it. */
const OLD_MS = 60_000;
const AT_ONCE = 500;

/**
 * Questions to services stay in their streams until enough others have come. Takes out old ones that name the user. Those of the
 * last minute are not touched: the user has been out for longer than that, so they are of others, and trimmed like any.
 */
export async function forgetRequests(
  redis: RedisClient,
  streams: StreamNames,
  userId: string,
): Promise<void> {
  const marks = [`"${userId}"`, `"${userId}:`].map((mark) => Buffer.from(mark));
  for (const stream of [...streams.auth, ...streams.sync, ...streams.push, ...streams.files]) {
    const [seconds] = await redis.time();
    const until = String(Number(seconds) * 1000 - OLD_MS);
    for (let from = '-'; ; ) {
      const entries = await redis.xrangeBuffer(stream, from, until, 'COUNT', AT_ONCE);
      const named = entries.filter(([, fields]) =>
        fields.some((field) => marks.some((mark) => field.includes(mark))),
      );
      if (named.length > 0) await redis.xdel(stream, ...named.map(([id]) => id.toString()));
      const [last] = entries.at(-1) ?? [];
      if (last === undefined || entries.length < AT_ONCE) break;
      from = `(${last.toString()}`;
    }
  }
}
