import type { Logger } from '@securechat/kernel';
import type { PresenceStatus } from '@securechat/protocol';
import { type Answer, WATCH_RENEW_MS, type WatchedState } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { Hub } from '../connection/hub.ts';
import type { Requests } from '../streams/requests.ts';
import type { Watching } from './standing.ts';
import type { Teller } from './teller.ts';

/** Connections that ask again per second, so that all of them together are a trickle. */
const RENEWALS_AT_ONCE = 50;
/** Random extra delay: after an outage they do not all come at once. */
const RENEW_SPREAD = 0.2;
const RETRY_MS = 10_000;
/** An answer in flight when a user's audience changed may predate the change. */
const DOUBT_MS = 1_000;

export type Watchers = {
  /** Replaces what the connection watched. Rejects when presence does not answer. */
  watch(connection: Connection, names: readonly string[]): Promise<WatchedState[]>;
  /** The connection is gone. */
  leave(connection: Connection): void;
  /** Users' statuses, as pushed by presence. */
  told(at: number, states: readonly (readonly [user: number, status: PresenceStatus])[]): void;
  /** Sends nothing more about this user to its watchers (only `viewers`, if given) until presence has been asked again. */
  recheck(user: number, viewers: readonly number[] | undefined): void;
  /** Once a second. */
  sweep(nowMs: number): void;
  /** Redis may have lost who watches whom. */
  startOver(): void;
};

/** A user watched by someone here. `at`: by Redis' clock, so that reports that arrive late are ignored. */
type Watched = { status: PresenceStatus; at: number; by: Set<Connection> };

/**
 * Who here watches whom. Presence knows only which users this gateway wants to hear about, so a change arrives once
 * and is fanned out here. Whom a connection may see is presence's last answer; it is asked again from time to time,
 * and at once when presence says that this has changed.
 */
export function createWatchers(parts: {
  hub: Hub;
  requests: Pick<Requests, 'askPresence'>;
  teller: Teller;
  monotonicMs: () => number;
  logger: Logger;
}): Watchers {
  const { hub, requests, teller, monotonicMs, logger } = parts;
  const watched = new Map<number, Watched>();
  /**
   * Statuses that arrive, while questions are in flight, for users whom nobody watches yet: they may be newer than
   * the answers.
   */
  const strays = new Map<number, { status: PresenceStatus; at: number }>();
  let asking = 0;
  let rechecks = 0;

  async function ask(connection: Connection, names: readonly string[]): Promise<Answer<'presence', 'watch'>> {
    const { session } = connection;
    if (!session || names.length === 0) return { at: 0, states: [] };
    asking++;
    try {
      const { user, userId: user_id } = session;
      return await requests.askPresence('watch', { user, user_id, names: [...names] });
    } finally {
      asking--;
      // after the waiting caller has taken the answer
      if (asking === 0) setImmediate(() => asking === 0 && strays.clear());
    }
  }

  /** Keeps the newer of what is known here and what was answered, and sends what differs from what was shown. */
  function take(
    connection: Connection,
    watching: Watching,
    { at, states }: Answer<'presence', 'watch'>,
  ): void {
    const before = watching.seen;
    watching.seen = new Map(states.map(({ user, user_id }) => [user, user_id]));
    for (const { user, status } of states) {
      const known = watched.get(user) ?? { status, at: -1, by: new Set() };
      const stray = strays.get(user);
      const newest = stray && stray.at > at ? stray : { status, at };
      if (newest.at >= known.at) Object.assign(known, newest);
      known.by.add(connection);
      watched.set(user, known);
    }
    for (const user of before.keys()) if (!watching.seen.has(user)) forget(connection, user);
  }

  function forget(connection: Connection, user: number): void {
    const known = watched.get(user);
    known?.by.delete(connection);
    if (known?.by.size === 0) watched.delete(user);
  }

  function renewal(rechecksBefore: number): number {
    if (rechecks !== rechecksBefore) return monotonicMs() + DOUBT_MS;
    return monotonicMs() + WATCH_RENEW_MS * (1 - RENEW_SPREAD * Math.random());
  }

  async function renew(connection: Connection, watching: Watching): Promise<void> {
    watching.renewAtMs = Number.POSITIVE_INFINITY;
    const rechecksBefore = rechecks;
    try {
      const answer = await ask(connection, watching.names);
      if (connection.standing.watching !== watching) return;
      watching.renewAtMs = renewal(rechecksBefore);
      take(connection, watching, answer);
      const statuses = new Map(watching.names.map((name): [string, PresenceStatus] => [name, 'offline']));
      for (const [user, name] of watching.seen) statuses.set(name, watched.get(user)?.status ?? 'offline');
      for (const [name, status] of statuses) teller.tell(connection, name, status);
    } catch (err) {
      logger.debug({ err }, 'presence not asked again; retrying later');
      watching.renewAtMs = monotonicMs() + RETRY_MS;
    }
  }

  return {
    async watch(connection, names) {
      const rechecksBefore = rechecks;
      const answer = await ask(connection, names);
      const { standing } = connection;
      if (connection.state !== 'ready') return [];
      const seen = standing.watching?.seen ?? new Map<number, string>();
      const watching: Watching = { names, seen, shown: new Map(), renewAtMs: renewal(rechecksBefore) };
      teller.drop(connection);
      standing.watching = watching;
      take(connection, watching, answer);
      return answer.states.map((state) => {
        const status = watched.get(state.user)?.status ?? state.status;
        watching.shown.set(state.user_id, status);
        return { ...state, status };
      });
    },

    leave(connection) {
      teller.drop(connection);
      for (const user of connection.standing.watching?.seen.keys() ?? []) forget(connection, user);
      connection.standing.watching = undefined;
    },

    told(at, states) {
      for (const [user, status] of states) {
        const known = watched.get(user);
        if (!known) {
          if (asking > 0) strays.set(user, { status, at });
          continue;
        }
        if (at < known.at) continue;
        known.status = status;
        known.at = at;
        for (const connection of known.by) {
          const name = connection.standing.watching?.seen.get(user);
          if (name !== undefined) teller.tell(connection, name, status);
        }
      }
    },

    recheck(user, viewers) {
      rechecks++;
      for (const connection of watched.get(user)?.by ?? []) {
        const { session, standing } = connection;
        if (viewers !== undefined && !viewers.includes(session?.user ?? 0)) continue;
        const { watching } = standing;
        const name = watching?.seen.get(user);
        if (!watching || name === undefined) continue;
        watching.seen.delete(user);
        teller.untell(connection, name);
        forget(connection, user);
        watching.renewAtMs = monotonicMs();
      }
    },

    sweep(nowMs) {
      let begun = 0;
      for (const connection of hub.sessions()) {
        const { watching } = connection.standing;
        if (!watching || watching.renewAtMs > nowMs) continue;
        void renew(connection, watching);
        if (++begun === RENEWALS_AT_ONCE) return;
      }
    },

    startOver() {
      for (const { standing } of hub.sessions()) {
        if (standing.watching) standing.watching.renewAtMs = monotonicMs();
      }
    },
  };
}
