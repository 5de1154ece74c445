import { setTimeout as sleep } from 'node:timers/promises';
import { growth, memoryKib } from '../measure/processes.ts';
import { openWindow, waitForQuiet } from '../measure/window.ts';
import { type Line, type LineContext, Tally } from './drivers/driver.ts';
import { driverFor } from './drivers/index.ts';
import type { IdleResult, Job } from './job.ts';
import { Ledger } from './ledger.ts';
import { inParallel } from './people.ts';

const AT_ONCE = 64;
/** Logged in and away again before measuring, so that code and pools are loaded. */
const EARLY = 50;

/** Many devices that are logged in, drained and silent. */
export async function runIdle(job: Job): Promise<IdleResult> {
  const driver = driverFor(job);
  const tally = new Tally();
  const ledger = new Ledger({ routes: 0, most: 0, frame: () => new Uint8Array() });
  const context: LineContext = { ledger, tally, onAck: () => undefined, onDelivery: () => undefined };
  const openAll = (users: readonly number[]): Promise<Line[]> =>
    inParallel(users, AT_ONCE, (user) => driver.open(user, context));

  const users = Array.from({ length: EARLY + job.connections }, (_, user) => user);
  await driver.enrol(users);
  for (const line of await openAll(users.slice(0, EARLY))) line.close();
  await sleep(1_000);
  await waitForQuiet(job.pids, job.quietSeconds);

  const before = memoryKib(job.pids);
  const loginWindow = openWindow(job.pids);
  const lines = await openAll(users.slice(EARLY));
  const login = loginWindow.close();

  await sleep(job.warmUpSeconds * 1000);
  const idleWindow = openWindow(job.pids);
  await sleep(job.seconds * 1000);
  const idle = idleWindow.close();
  const after = memoryKib(job.pids);
  if (tally.errors > 0) throw new Error(`a connection did not stay: ${tally.firstError}`);
  for (const line of lines) line.destroy();
  return { connections: lines.length, login, idle, memoryKib: growth(before, after) };
}
