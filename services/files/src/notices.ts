import type { Directory, OutStreams } from '@securechat/directory';
import type { Clock, Logger } from '@securechat/kernel';
import type { Downstream } from '@securechat/protocol';
import type { FileNotice } from '@securechat/protocol/internal';

/** Per file and receiver; updates in between are dropped, since the next one supersedes them. */
const PROGRESS_EVERY_MS = 500;
/** Transfers whose last progress is remembered; a forgotten one gets slightly more notices. */
const MAX_REMEMBERED = 10_000;

export type Notices = {
  /** Best effort, to connected users only: delivery is not guaranteed, and nobody waits for it. */
  tell<N extends FileNotice>(users: readonly number[], type: N, message: Omit<Downstream<N>, 'type'>): void;
  /** The same for progress: throttled, and never decreasing. */
  tellProgress(user: number, message: Omit<Downstream<'file_progress'>, 'type'>): void;
};

export function createNotices(parts: {
  directory: Directory;
  outStreams: Pick<OutStreams, 'send'>;
  clock: Clock;
  logger: Logger;
}): Notices {
  const { directory, outStreams, clock, logger } = parts;
  const told = new Map<string, { bytes: number; atMs: number }>();

  async function send(users: readonly number[], type: FileNotice, message: object): Promise<void> {
    const body = Buffer.from(JSON.stringify({ type, ...message }));
    const routes = [...(await directory.locate(users)).values()].flat();
    const byGateway = Map.groupBy(routes, (route) => route.gateway);
    await Promise.all(
      [...byGateway].map(([gateway, there]) =>
        outStreams.send(gateway, [
          { head: { kind: 'file', type, to: there.map((route) => route.device) }, body },
        ]),
      ),
    );
  }

  function tell(users: readonly number[], type: FileNotice, message: object): void {
    if (users.length === 0) return;
    send(users, type, message).catch((err: unknown) => logger.debug({ err, type }, 'a notice was not sent'));
  }

  return {
    tell,
    tellProgress(user, message) {
      const key = `${message.file_id} ${message.user_id ?? ''}`;
      const last = told.get(key);
      const nowMs = clock.monotonicMs();
      if (message.status === 'downloading') {
        if (last && message.bytes_received <= last.bytes) return;
        if (last && nowMs - last.atMs < PROGRESS_EVERY_MS) return;
      }
      told.delete(key);
      const oldest = told.keys().next();
      if (told.size >= MAX_REMEMBERED && !oldest.done) told.delete(oldest.value);
      if (message.status === 'downloading') told.set(key, { bytes: message.bytes_received, atMs: nowMs });
      tell([user], 'file_progress', message);
    },
  };
}
