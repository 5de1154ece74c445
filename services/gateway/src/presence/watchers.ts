import type { Logger } from '@securechat/kernel';
import type { PresenceStatus } from '@securechat/protocol';
import { type Answer, WATCH_RENEW_MS, type WatchedState } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { Hub } from '../connection/hub.ts';
import type { Requests } from '../streams/requests.ts';
import type { Watching } from './standing.ts';
import type { Teller } from './teller.ts';

/** Connections that ask again in one second, so that all of them together are a trickle. */
const RENEWALS_AT_ONCE = 50;
/** So late at most: after an outage not all come at the same moment. */
const RENEW_SPREAD = 0.2;
const RETRY_MS = 10_000;
/** An answer that was on its way when somebody's audience changed may be from before that. */
const DOUBT_MS = 1_000;

export type Watchers = {
  /** Takes the place of what the connection watched before. Rejects when presence does not answer. */
  watch(connection: Connection, names: readonly string[]): Promise<WatchedState[]>;
  /** The connection is gone. */
  leave(connection: Connection): void;
  /** How users are, as presence tells of its own accord. */
  told(at: number, states: readonly (readonly [user: number, status: PresenceStatus])[]): void;
  /** Nothing more of this user to its watchers (those of `viewers`, where given) until presence was asked again. */
  recheck(user: number, viewers: readonly number[] | undefined): void;
  /** Once a second. */
  sweep(nowMs: number): void;
  /** Redis may have lost who watches whom. */
  startOver(): void;
};

/** A user whom somebody here watches. `at`: by the clock of Redis, so that what overtook on the way is not believed. */
type Watched = { status: PresenceStatus; at: number; by: Set<Connection> };

/**
 * Who here watches whom. Presence knows of it only which users this gateway wants to hear of, so a change comes once and is
 * passed on here. Whom a connection may see is what presence answered it last; it is asked again from time to time, and at once
 * when it says that this has changed.
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
  /** What came, while questions are under way, of users whom nobody watches yet: newer than the answers, perhaps. */
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
      // after whoever waits for the answer has taken it
      if (asking === 0) setImmediate(() => asking === 0 && strays.clear());
    }
  }

  /** Keeps whichever is newer, what is known here or what was answered, and tells what differs from what was shown. */
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
      logger.debug({ err }, 'presence not asked again; later');
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
