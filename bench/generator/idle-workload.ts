import { setTimeout as sleep } from 'node:timers/promises';
import { growth, memoryKib } from '../measure/processes.ts';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import type { IdleResult, Job } from './job.ts';
import { Ledger } from './ledger.ts';
import { enrolPeople, inParallel } from './people.ts';
import { Session, Tally } from './session.ts';

const AT_ONCE = 64;
/** Logged in and away again before measuring, so that code and pools are loaded. */
const EARLY = 50;

/** Many devices that are logged in, drained and silent. */
export async function runIdle(job: Job): Promise<IdleResult> {
  const tally = new Tally();
  const context = { ledger: new Ledger([], 0), tally, onAck: () => undefined, onDelivery: () => undefined };
  const openAll = (people: readonly Session['person'][]): Promise<Session[]> =>
    inParallel(people, AT_ONCE, (person, index) =>
      Session.open(job.wsUrls[index % job.wsUrls.length] ?? '', person, context),
    );

  const early = await enrolPeople(job.authUrl, 'early', EARLY);
  const people = await enrolPeople(job.authUrl, 'user', job.connections);
  for (const session of await openAll(early)) session.close();
  await sleep(1_000);
  await waitForQuiet(job.pids, job.quietSeconds);

  const before = memoryKib(job.pids);
  const loginWindow = openWindow(job.pids);
  const sessions = await openAll(people);
  const login = loginWindow.close();

  await sleep(job.warmUpSeconds * 1000);
  const idleWindow = openWindow(job.pids);
  await sleep(job.seconds * 1000);
  const idle = idleWindow.close();
  const after = memoryKib(job.pids);
  if (tally.errors > 0) throw new Error(`a connection did not stay: ${tally.firstError}`);
  for (const session of sessions) session.destroy();
  return { connections: sessions.length, login, idle, memoryKib: growth(before, after) };
}
