import { readFileSync } from 'node:fs';
import { idBehind, type Logger, loadScript, type RedisClient } from '@securechat/kernel';

const trimScript = loadScript<number>(
  'trim-committed',
  readFileSync(new URL('./trim-committed.lua', import.meta.url), 'utf8'),
  1,
);

/** Often enough that a stream's length bound counts only pending entries, rarely enough to cost nothing. */
const EVERY_MS = 200;

export type Trimmer = {
  /** This entry and all before it are in Postgres. */
  committed(stream: string, id: string): void;
  start(): void;
  stop(): void;
};

/**
 * Removes from the ordered streams what Postgres has, and only that: trimming by length would silently delete unread
 * entries. A failed trim is retried: a full stream takes no new entries, so there may be no later commit to make up
 * for it.
 */
export function createTrimmer(redis: RedisClient, logger: Logger): Trimmer {
  const latest = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  async function trim(stream: string, id: string): Promise<void> {
    try {
      await trimScript.run(redis, [stream], [id, idBehind(id)]);
    } catch (err) {
      logger.debug({ err }, 'stream not trimmed yet');
      if (!latest.has(stream)) latest.set(stream, id);
    }
  }

  function trimAll(): void {
    const due = [...latest];
    latest.clear();
    for (const [stream, id] of due) void trim(stream, id);
  }

  return {
    committed: (stream, id) => void latest.set(stream, id),
    start() {
      timer = setInterval(trimAll, EVERY_MS);
    },
    stop: () => clearInterval(timer),
  };
}
