import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, Samples } from '../measure/statistics.ts';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import type { ChatResult, Job, Milliseconds } from './job.ts';
import { beginningOf, Ledger, type Route, routeBetween } from './ledger.ts';
import { enrolPeople, inParallel } from './people.ts';
import { Session, Tally } from './session.ts';

/** Messages of one user that are not yet both acked and received. */
const IN_FLIGHT = 16;
const LOGINS_AT_ONCE = 25;
/** Signed before the run; above this rate the rest is signed while sending, and counted. */
const EXPECTED_PER_SECOND = 12_000;
/** Room for the fastest that is thinkable. */
const MOST_PER_SECOND = 60_000;
const LAST_ARRIVALS_MS = 15_000;
/** A prime, so that senders take turns in a scattered order. */
const STRIDE = 7919;

/** Users in pairs write to each other; see README. `full` keeps the window full, `rate` sends by the clock. */
export async function runChat(job: Job, pace: 'full' | 'rate'): Promise<ChatResult> {
  const people = await enrolPeople(job.authUrl, 'user', job.users);
  const ledger = new Ledger(routesInPairs(people), roomFor(job, MOST_PER_SECOND));
  const expected = pace === 'full' ? EXPECTED_PER_SECOND : job.messagesPerSecond;
  ledger.signAhead(roomFor(job, expected));

  const tally = new Tally();
  const inFlight = new Int32Array(job.users);
  const ackMs = new Samples();
  const deliverMs = new Samples();
  let isMeasuring = false;
  let isSending = true;

  function sendFrom(route: number): void {
    inFlight[route] = (inFlight[route] ?? 0) + 1;
    sessions[route]?.send(ledger.take(route));
  }
  function fill(route: number): void {
    while (isSending && (inFlight[route] ?? 0) < IN_FLIGHT) sendFrom(route);
  }
  function note(message: number, latencies: Samples, isComplete: boolean): void {
    if (isMeasuring) latencies.add(performance.now() - (ledger.sentAtMs[message] ?? 0));
    if (!isComplete) return;
    const route = ledger.routeOf(message);
    inFlight[route] = (inFlight[route] ?? 0) - 1;
    if (pace === 'full') fill(route);
  }

  const sessions = await inParallel(people, LOGINS_AT_ONCE, (person, index) =>
    Session.open(job.wsUrls[index % job.wsUrls.length] ?? '', person, {
      ledger,
      tally,
      onAck: (message, progress) => note(message, ackMs, progress === 'complete'),
      onDelivery: (message, progress) => note(message, deliverMs, progress === 'complete'),
    }),
  );
  await createConversations(ledger.routes, sessions);
  await waitForQuiet(job.pids, job.quietSeconds);

  const pacer = pace === 'full' ? startFull(job.users, fill) : startRate(job, sendFrom);
  await sleep(job.warmUpSeconds * 1000);
  const before = ledger.completed;
  const window = openWindow(job.pids);
  isMeasuring = true;
  await sleep(job.seconds * 1000);
  isMeasuring = false;
  const measured = window.close();
  const messages = ledger.completed - before;

  isSending = false;
  pacer.stop();
  const deadline = performance.now() + LAST_ARRIVALS_MS;
  while (ledger.completed < ledger.sent && performance.now() < deadline) await sleep(50);
  // an ack of the last packet, and receipts, may still be under way
  await sleep(500);
  const counts = ledger.counts(tally.disordered, tally.errors);
  for (const session of sessions) session.close();
  return {
    window: measured,
    messages,
    ackMs: quantiles(ackMs),
    deliverMs: quantiles(deliverMs),
    counts,
    again: tally.again,
    receipts: tally.receipts,
    signedLate: ledger.signedLate,
    firstError: tally.firstError,
  };
}

/** User 0 with 1, 2 with 3, and so on, each pair in one conversation. Route n is that of user n. */
function routesInPairs(people: readonly Route['from'][]): Route[] {
  const routes: Route[] = [];
  for (let index = 0; index + 1 < people.length; index += 2) {
    const [first, second] = people.slice(index, index + 2) as [Route['from'], Route['from']];
    const there = routeBetween(first, second);
    routes.push(there, routeBetween(second, first, there.conversationId));
  }
  return routes;
}

async function createConversations(routes: readonly Route[], sessions: readonly Session[]): Promise<void> {
  const begun = routes.filter((_, index) => index % 2 === 0);
  await inParallel(begun, LOGINS_AT_ONCE, async (route, index) =>
    sessions[index * 2]?.createConversation(beginningOf(route)),
  );
}

function roomFor(job: Job, perSecond: number): number {
  return Math.ceil(((job.warmUpSeconds + job.seconds + 1) * perSecond) / job.users);
}

type Pacer = { stop(): void };

function startFull(users: number, fill: (route: number) => void): Pacer {
  for (let route = 0; route < users; route++) fill(route);
  return { stop: () => undefined };
}

/** By the clock: a late timer is followed by more at once, so the mean rate holds. */
function startRate(job: Job, sendFrom: (route: number) => void): Pacer {
  const startedAtMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * job.messagesPerSecond);
    while (sent < due) sendFrom((sent++ * STRIDE) % job.users);
  }, 1);
  return { stop: () => clearInterval(timer) };
}

function quantiles(samples: Samples): Milliseconds {
  return { p50: quantile(samples.values, 0.5), p99: quantile(samples.values, 0.99) };
}
