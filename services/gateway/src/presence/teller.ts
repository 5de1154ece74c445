import type { PresenceStatus } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { GatewayMetrics } from '../metrics.ts';

/** Turns are short, so that messages between them do not wait. */
const TURN_MS = 100;
/** A turn that starts this late means that the process is overloaded. */
const LATE_MS = 50;
/** Only this share of the frames is then sent: a status may wait, messages may not. */
const LEAST_SHARE = 0.1;
/** A slow reader gets no more statuses until its buffer has drained below this. */
const MAX_BUFFERED_BYTES = 32 * 1024;

export type Teller = {
  /** Sends a user's status, unless the connection was last told the same. A newer status replaces one not sent yet. */
  tell(connection: Connection, name: string, status: PresenceStatus): void;
  /** Cancels what is pending about this user. */
  untell(connection: Connection, name: string): void;
  /** Cancels everything pending for this connection. */
  drop(connection: Connection): void;
  start(): void;
  stop(): void;
};

/**
 * Sends `presence` frames within their own budget: at most so many a second, in turn, and few while this process lags
 * behind. The queue is bounded by who watches whom, since only the newest status of each waits.
 */
export function createTeller(parts: {
  perSecond: number;
  monotonicMs: () => number;
  metrics: Pick<GatewayMetrics, 'presenceWaits'>;
}): Teller {
  const { perSecond, monotonicMs, metrics } = parts;
  const most = Math.max(1, Math.floor((perSecond * TURN_MS) / 1000));
  const waiting = new Map<Connection, Map<string, PresenceStatus>>();
  let timer: NodeJS.Timeout | undefined;
  let dueMs = 0;

  function turn(): void {
    const isLate = monotonicMs() - dueMs > LATE_MS;
    dueMs = monotonicMs() + TURN_MS;
    if (waiting.size === 0) return;
    if (isLate) metrics.presenceWaits();
    let left = isLate ? Math.max(1, Math.floor(most * LEAST_SHARE)) : most;
    for (const [connection, news] of [...waiting]) {
      if (left <= 0) return;
      waiting.delete(connection);
      const rest = new Map(news);
      if (connection.bufferedBytes < MAX_BUFFERED_BYTES) left -= send(connection, rest, left);
      // to the back of the queue: next turn the others come first
      if (rest.size > 0) waiting.set(connection, rest);
    }
  }

  function send(connection: Connection, news: Map<string, PresenceStatus>, most: number): number {
    let sent = 0;
    for (const [name, status] of news) {
      if (sent === most) break;
      news.delete(name);
      const { watching } = connection.standing;
      if (!watching || (watching.shown.get(name) ?? 'offline') === status) continue;
      watching.shown.set(name, status);
      connection.send('presence', { type: 'presence', user_id: name, status });
      sent++;
    }
    return sent;
  }

  return {
    tell(connection, name, status) {
      const news = waiting.get(connection) ?? new Map<string, PresenceStatus>();
      const shown = connection.standing.watching?.shown.get(name) ?? 'offline';
      if (shown === status) news.delete(name);
      else news.set(name, status);
      if (news.size > 0) waiting.set(connection, news);
      else waiting.delete(connection);
    },
    untell(connection, name) {
      waiting.get(connection)?.delete(name);
    },
    drop: (connection) => void waiting.delete(connection),
    start() {
      dueMs = monotonicMs() + TURN_MS;
      timer = setInterval(turn, TURN_MS);
    },
    stop: () => clearInterval(timer),
  };
}
