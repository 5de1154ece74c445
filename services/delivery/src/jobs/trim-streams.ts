import { idBehind, type Logger, type RedisClient } from '@securechat/kernel';

/** Often enough that the streams' length bound counts what waits, seldom enough to cost nothing. */
const EVERY_MS = 200;

export type Trimmer = {
  /** These entries and what lies before them is in Postgres. */
  committed(cursors: ReadonlyMap<string, string>): void;
  start(): void;
  stop(): void;
};

/**
 * Removes from the ordered streams what Postgres has, and only that: trimming by length would delete entries that
 * nobody has read yet, without any error.
 */
export function createTrimmer(redis: RedisClient, logger: Logger): Trimmer {
  const latest = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  function trim(): void {
    for (const [stream, id] of latest) {
      redis
        .xtrim(stream, 'MINID', idBehind(id))
        .catch((err: unknown) => logger.debug({ err }, 'stream not trimmed yet'));
    }
    latest.clear();
  }

  return {
    committed(cursors) {
      for (const [stream, id] of cursors) latest.set(stream, id);
    },
    start() {
      timer = setInterval(trim, EVERY_MS);
    },
    stop: () => clearInterval(timer),
  };
}
