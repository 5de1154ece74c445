import { setTimeout as sleep } from 'node:timers/promises';
import { Samples } from '../measure/statistics.ts';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import { quantiles } from './chat-workload.ts';
import { AT_ONCE, Tally } from './drivers/driver.ts';
import { driverFor } from './drivers/index.ts';
import type { GroupResult, Job } from './job.ts';
import { Ledger } from './ledger.ts';
import { inParallel } from './people.ts';

const MEMBERS = 100;
const SENDERS = 10;
/** Messages of one sender that not all have yet. */
const IN_FLIGHT = 4;
const EXPECTED_PER_SECOND = 1_000;
const MOST_PER_SECOND = 10_000;
const LAST_ARRIVALS_MS = 15_000;

/** One group, all online, of whom some speak as fast as all others have heard what they said before. */
export async function runGroup(job: Job): Promise<GroupResult> {
  const driver = driverFor(job);
  const members = Array.from({ length: MEMBERS }, (_, user) => user);
  await driver.enrol(members);
  const { frame, begin } = driver.inGroup(members);
  const ledger = new Ledger({
    ...{ routes: SENDERS, copies: MEMBERS - 1, frame },
    most: roomFor(job, MOST_PER_SECOND),
  });
  ledger.makeAhead(roomFor(job, EXPECTED_PER_SECOND));

  const tally = new Tally();
  const deliverMs = new Samples();
  const inFlight = new Int32Array(SENDERS);
  let isMeasuring = false;
  let isSending = true;

  function fill(sender: number): void {
    while (isSending && (inFlight[sender] ?? 0) < IN_FLIGHT) {
      inFlight[sender] = (inFlight[sender] ?? 0) + 1;
      lines[sender]?.send(ledger.take(sender));
    }
  }
  function complete(message: number): void {
    const sender = ledger.routeOf(message);
    inFlight[sender] = (inFlight[sender] ?? 0) - 1;
    fill(sender);
  }
  const lines = await inParallel(members, AT_ONCE, (user) =>
    driver.open(user, {
      ledger,
      tally,
      onAck(message, progress) {
        if (progress === 'complete') complete(message);
      },
      onDelivery(message, progress) {
        if (isMeasuring) deliverMs.add(performance.now() - (ledger.sentAtMs[message] ?? 0));
        if (progress === 'complete') complete(message);
      },
    }),
  );
  await begin();
  await waitForQuiet(job.pids, job.quietSeconds);

  for (let sender = 0; sender < SENDERS; sender++) fill(sender);
  await sleep(job.warmUpSeconds * 1000);
  const before = { completed: ledger.completed, delivered: ledger.delivered };
  const window = openWindow(job.pids);
  isMeasuring = true;
  await sleep(job.seconds * 1000);
  isMeasuring = false;
  const measured = window.close();
  const messages = ledger.completed - before.completed;
  const deliveries = ledger.delivered - before.delivered;

  isSending = false;
  const deadline = performance.now() + LAST_ARRIVALS_MS;
  while (ledger.completed < ledger.sent && performance.now() < deadline) await sleep(50);
  await sleep(500);
  const counts = ledger.counts(tally.disordered, tally.errors);
  for (const line of lines) line.close();
  const { firstError } = tally;
  return { window: measured, messages, deliveries, deliverMs: quantiles(deliverMs), counts, firstError };
}

function roomFor(job: Job, perSecond: number): number {
  return Math.ceil(((job.warmUpSeconds + job.seconds + 1) * perSecond) / SENDERS);
}
