import { setTimeout as sleep } from 'node:timers/promises';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import type { Job, OfflineResult } from './job.ts';
import { beginningOf, Ledger, routeBetween } from './ledger.ts';
import { enrolPeople, inParallel } from './people.ts';
import { Session, type SessionContext, Tally } from './session.ts';

const SENDERS = 100;
const MESSAGES = 20_000;
const IN_FLIGHT = 16;
const SENDERS_AT_ONCE = 25;
/** Receivers that come back at the same time. */
const RETURN_AT_ONCE = 20;
const STALLED_MS = 10_000;

/** Messages to people who are away, who then come back. Each sender writes to `users / SENDERS` of them in turn. */
export async function runOffline(job: Job): Promise<OfflineResult> {
  const senders = await enrolPeople(job.authUrl, 'sender', SENDERS);
  const receivers = await enrolPeople(job.authUrl, 'receiver', job.users);
  const perReceiver = Math.ceil(MESSAGES / job.users);
  const routes = receivers.map((to, index) =>
    routeBetween(senders[index % SENDERS] as (typeof senders)[number], to),
  );
  const ledger = new Ledger(routes, perReceiver);
  ledger.signAhead(perReceiver);

  const tally = new Tally();
  const inFlight = new Int32Array(SENDERS);
  const routesOfSender = senders.map((_, sender) =>
    routes.flatMap((_route, index) => (index % SENDERS === sender ? [index] : [])),
  );
  let lastProgressMs = performance.now();

  function fill(sender: number): void {
    const mine = routesOfSender[sender] ?? [];
    while ((inFlight[sender] ?? 0) < IN_FLIGHT) {
      const route = mine.toSorted((a, b) => ledger.taken(a) - ledger.taken(b))[0];
      if (route === undefined || ledger.taken(route) === perReceiver) return;
      inFlight[sender] = (inFlight[sender] ?? 0) + 1;
      sessions[sender]?.send(ledger.take(route));
    }
  }
  const context: SessionContext = {
    ledger,
    tally,
    onAck(message) {
      lastProgressMs = performance.now();
      const sender = ledger.routeOf(message) % SENDERS;
      inFlight[sender] = (inFlight[sender] ?? 0) - 1;
      fill(sender);
    },
    onDelivery() {
      lastProgressMs = performance.now();
    },
  };
  const open = (person: Session['person'], index: number): Promise<Session> =>
    Session.open(job.wsUrls[index % job.wsUrls.length] ?? '', person, context);
  /** Until `isDone`, or until nothing has happened for a long time; what is missing shows in the counts. */
  async function progress(isDone: () => boolean): Promise<void> {
    while (!isDone() && performance.now() - lastProgressMs < STALLED_MS) await sleep(5);
  }

  const sessions = await inParallel(senders, SENDERS_AT_ONCE, open);
  await inParallel(sessions, SENDERS_AT_ONCE, async (session, sender) => {
    for (const route of routesOfSender[sender] ?? []) {
      await session.createConversation(beginningOf(routes[route] as (typeof routes)[number]));
    }
  });

  await waitForQuiet(job.pids, job.quietSeconds);
  lastProgressMs = performance.now();
  const storing = openWindow(job.pids);
  for (let sender = 0; sender < SENDERS; sender++) fill(sender);
  await progress(() => ledger.acked === perReceiver * job.users);
  const store = storing.close();
  for (const session of sessions) session.close();
  await sleep(1_000);

  await waitForQuiet(job.pids, job.quietSeconds);
  lastProgressMs = performance.now();
  const draining = openWindow(job.pids);
  const returned = await inParallel(receivers, RETURN_AT_ONCE, open);
  await progress(() => ledger.delivered === ledger.acked);
  const drain = draining.close();
  await sleep(500);
  const counts = ledger.counts(tally.disordered, tally.errors);
  for (const session of returned) session.close();
  return { messages: ledger.sent, store, drain, counts, firstError: tally.firstError };
}
