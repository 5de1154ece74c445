import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, Samples } from '../measure/statistics.ts';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import { AT_ONCE, type Route, Tally } from './drivers/driver.ts';
import { driverFor } from './drivers/index.ts';
import type { ChatResult, Job, Milliseconds } from './job.ts';
import { Ledger } from './ledger.ts';
import { inParallel } from './people.ts';

/** Messages of one user that are not yet both acked and received. */
const IN_FLIGHT = 16;
/** Made before the run; at higher rates the rest is made while sending, and counted. */
const EXPECTED_PER_SECOND = 15_000;
/** Capacity for the highest conceivable rate. */
const MOST_PER_SECOND = 200_000;
const LAST_ARRIVALS_MS = 15_000;
/** A prime, so that senders take turns in a scattered order. */
const STRIDE = 7919;

/** Users in pairs write to each other; see README. `full` keeps the window full, `rate` sends by the clock. */
export async function runChat(job: Job, pace: 'full' | 'rate'): Promise<ChatResult> {
  const driver = driverFor(job);
  const users = Array.from({ length: job.users - (job.users % 2) }, (_, user) => user);
  await driver.enrol(users);
  const { frame, begin } = driver.inPairs(routesInPairs(users));
  const ledger = new Ledger({ routes: users.length, most: roomFor(job, MOST_PER_SECOND), frame });
  const expected = pace === 'full' ? EXPECTED_PER_SECOND : job.messagesPerSecond;
  ledger.makeAhead(roomFor(job, expected));

  const tally = new Tally();
  const inFlight = new Int32Array(job.users);
  const ackMs = new Samples();
  const deliverMs = new Samples();
  let isMeasuring = false;
  let isSending = true;

  function sendFrom(route: number): void {
    inFlight[route] = (inFlight[route] ?? 0) + 1;
    lines[route]?.send(ledger.take(route));
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

  const lines = await inParallel(users, AT_ONCE, (user) =>
    driver.open(user, {
      ledger,
      tally,
      onAck: (message, progress) => note(message, ackMs, progress === 'complete'),
      onDelivery: (message, progress) => note(message, deliverMs, progress === 'complete'),
    }),
  );
  await begin();
  await waitForQuiet(job.pids, job.quietSeconds);

  const pacer = pace === 'full' ? startFull(users.length, fill) : startRate(job, sendFrom);
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
  // acks of the last packet, and receipts, may still be in transit
  await sleep(500);
  const counts = ledger.counts(tally.disordered, tally.errors);
  for (const line of lines) line.close();
  return {
    window: measured,
    messages,
    ackMs: quantiles(ackMs),
    deliverMs: quantiles(deliverMs),
    counts,
    again: tally.again,
    receipts: tally.receipts,
    madeLate: ledger.madeLate,
    firstError: tally.firstError,
  };
}

/** User 0 with 1, 2 with 3, and so on. Route n belongs to user n. */
function routesInPairs(users: readonly number[]): Route[] {
  return users.map((user) => ({ from: user, to: user ^ 1 }));
}

function roomFor(job: Job, perSecond: number): number {
  return Math.ceil(((job.warmUpSeconds + job.seconds + 1) * perSecond) / job.users);
}

type Pacer = { stop(): void };

function startFull(users: number, fill: (route: number) => void): Pacer {
  for (let route = 0; route < users; route++) fill(route);
  return { stop: () => undefined };
}

/** By the clock: a late timer sends several at once, so the mean rate holds. */
function startRate(job: Job, sendFrom: (route: number) => void): Pacer {
  const startedAtMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * job.messagesPerSecond);
    while (sent < due) sendFrom((sent++ * STRIDE) % (job.users - (job.users % 2)));
  }, 1);
  return { stop: () => clearInterval(timer) };
}

export function quantiles(samples: Samples): Milliseconds {
  return { p50: quantile(samples.values, 0.5), p99: quantile(samples.values, 0.99) };
}
