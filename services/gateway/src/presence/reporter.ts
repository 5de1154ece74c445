import type { Logger } from '@securechat/kernel';
import { type DeviceStatus, PRESENCE_RENEW_MS } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { Hub } from '../connection/hub.ts';
import type { Requests } from '../streams/requests.ts';

/** Batches what arrives within this time; nobody waits for it. */
const LINGER_MS = 100;
/** Devices per entry: about 50 KiB. */
const MOST_AT_ONCE = 500;

export type Reporter = {
  /** The connection has reported its status. */
  changed(connection: Connection): void;
  /** It is gone. Its device goes offline unless it comes back within presence's grace period. */
  gone(connection: Connection): void;
  /** Once a second: repeats what presence would otherwise forget. */
  sweep(nowMs: number): void;
  /** Redis may have lost what it was told. */
  startOver(): void;
  /** Resolves when everything collected has been sent, or has failed. */
  flush(): Promise<void>;
};

/**
 * Reports to presence the status of this gateway's devices: the newest of each, in batches, renewed before its lease
 * ends. A failed report is repeated with the next sweep; the end of a connection is not, because the lease then
 * expires.
 */
export function createReporter(parts: {
  hub: Hub;
  requests: Pick<Requests, 'tellPresence'>;
  monotonicMs: () => number;
  logger: Logger;
}): Reporter {
  const { hub, requests, monotonicMs, logger } = parts;
  const waiting = new Map<number, { report: DeviceStatus; connection: Connection }>();
  let timer: NodeJS.Timeout | undefined;

  function gather(connection: Connection, status: DeviceStatus['status']): void {
    const { session, number, registeredSince: since = '0' } = connection;
    if (!session) return;
    const { user, device } = session;
    // by connection: the end of a replaced one must not overwrite the newer one's report
    waiting.set(number, { report: { user, device, connection: number, since, status }, connection });
    connection.standing.reportedAtMs = monotonicMs();
    timer ??= setTimeout(() => void flush(), LINGER_MS);
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    for (let at = 0; at < all.length; at += MOST_AT_ONCE) await send(all.slice(at, at + MOST_AT_ONCE));
  }

  async function send(some: { report: DeviceStatus; connection: Connection }[]): Promise<void> {
    try {
      await requests.tellPresence('status', { devices: some.map(({ report }) => report) });
    } catch (err) {
      logger.debug({ err }, 'presence not told; retrying with the next sweep');
      for (const { connection } of some) connection.standing.reportedAtMs = Number.NEGATIVE_INFINITY;
    }
  }

  const isShown = ({ standing: { status } }: Connection): boolean =>
    status !== undefined && status !== 'offline';

  return {
    changed: (connection) => gather(connection, connection.standing.status),
    gone(connection) {
      if (isShown(connection)) gather(connection, undefined);
    },
    sweep(nowMs) {
      for (const connection of hub.sessions()) {
        if (isShown(connection) && nowMs - connection.standing.reportedAtMs >= PRESENCE_RENEW_MS)
          gather(connection, connection.standing.status);
      }
    },
    startOver() {
      for (const connection of hub.sessions()) connection.standing.reportedAtMs = Number.NEGATIVE_INFINITY;
    },
    flush,
  };
}
