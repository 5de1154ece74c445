import type { RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';

/** Nobody waits that long for the answer to a request, whatever became of it. */
const OLD_MS = 30_000;
const AT_ONCE = 500;

/**
 * Requests to services stay in their streams until enough others have come. Deletes those that name the user.
 * Resolves with the number too young to be touched, since a service may be about to answer them.
 */
export async function forgetRequests(
  redis: RedisClient,
  streams: StreamNames,
  userId: string,
): Promise<number> {
  let young = 0;
  const marks = [`"${userId}"`, `"${userId}:`].map((mark) => Buffer.from(mark));
  for (const stream of [...streams.auth, ...streams.sync, ...streams.push, ...streams.files]) {
    const [seconds] = await redis.time();
    const youngFromMs = Number(seconds) * 1000 - OLD_MS;
    for (let from = '-'; ; ) {
      const entries = await redis.xrangeBuffer(stream, from, '+', 'COUNT', AT_ONCE);
      const named = entries.filter(([, fields]) =>
        fields.some((field) => marks.some((mark) => field.includes(mark))),
      );
      const ids = named.map(([id]) => id.toString());
      const old = ids.filter((id) => Number.parseInt(id, 10) < youngFromMs);
      if (old.length > 0) await redis.xdel(stream, ...old);
      young += ids.length - old.length;
      const [last] = entries.at(-1) ?? [];
      if (last === undefined || entries.length < AT_ONCE) break;
      from = `(${last.toString()}`;
    }
  }
  return young;
}
