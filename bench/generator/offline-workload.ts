import { setTimeout as sleep } from 'node:timers/promises';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import { AT_ONCE, type Line, type LineContext, Tally } from './drivers/driver.ts';
import { driverFor } from './drivers/index.ts';
import type { Job, OfflineResult } from './job.ts';
import { Ledger } from './ledger.ts';
import { inParallel } from './people.ts';

const SENDERS = 100;
const MESSAGES = 20_000;
const IN_FLIGHT = 16;
/** Receivers that come back at the same time. */
const RETURN_AT_ONCE = 20;
const STALLED_MS = 10_000;

/** Messages to offline people, who then come back. Each sender writes to `users / SENDERS` of them in turn. */
export async function runOffline(job: Job): Promise<OfflineResult> {
  const driver = driverFor(job);
  const senders = Array.from({ length: SENDERS }, (_, user) => user);
  const receivers = Array.from({ length: job.users }, (_, index) => SENDERS + index);
  await driver.enrol([...senders, ...receivers]);
  const perReceiver = Math.ceil(MESSAGES / job.users);
  const routes = receivers.map((to, index) => ({ from: index % SENDERS, to }));
  const { frame, begin } = driver.inPairs(routes);
  const ledger = new Ledger({ routes: routes.length, most: perReceiver, frame });
  ledger.makeAhead(perReceiver);

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
      lines[sender]?.send(ledger.take(route));
    }
  }
  const context: LineContext = {
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
  const open = (user: number): Promise<Line> => driver.open(user, context);
  /** Waits until `isDone`, or until nothing has happened for a long time; what is missing shows in the counts. */
  async function progress(isDone: () => boolean): Promise<void> {
    while (!isDone() && performance.now() - lastProgressMs < STALLED_MS) await sleep(5);
  }

  // they connect once before: some servers keep messages only for users they know
  for (const line of await inParallel(receivers, AT_ONCE, open)) line.close();
  const lines = await inParallel(senders, AT_ONCE, open);
  await begin();

  await waitForQuiet(job.pids, job.quietSeconds);
  lastProgressMs = performance.now();
  const storing = openWindow(job.pids);
  for (let sender = 0; sender < SENDERS; sender++) fill(sender);
  await progress(() => ledger.acked === perReceiver * job.users);
  const store = storing.close();
  for (const line of lines) line.close();
  await sleep(1_000);

  await waitForQuiet(job.pids, job.quietSeconds);
  lastProgressMs = performance.now();
  const draining = openWindow(job.pids);
  const returned = await inParallel(receivers, RETURN_AT_ONCE, open);
  await progress(() => ledger.delivered === ledger.acked);
  const drain = draining.close();
  await sleep(500);
  const counts = ledger.counts(tally.disordered, tally.errors);
  for (const line of returned) line.close();
  return { messages: ledger.sent, store, drain, counts, firstError: tally.firstError };
}
