import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ByProcess, cpuSeconds, growth, machineCpuSeconds, type Pids, total } from './processes.ts';

type Instant = { atMs: number; stack: ByProcess; own: number; machine: number };

/** The cost of a time span. */
export type Window = {
  /** Microseconds of the machine's monotonic clock, as in V8's CPU profiles. */
  openedAtUs: number;
  seconds: number;
  /** CPU seconds of the system under test. */
  cpu: ByProcess;
  /** CPU seconds of this process, the load generator. */
  generatorCpu: number;
  /** Cores used by anything else: the noise. Above about half a core, distrust rates and latencies. */
  foreignCores: number;
};

export function openWindow(pids: Pids): { close(): Window } {
  const openedAtUs = Number(process.hrtime.bigint() / 1000n);
  const before = now(pids);
  return { close: () => ({ openedAtUs, ...between(before, now(pids)) }) };
}

function now(pids: Pids): Instant {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    stack: cpuSeconds(pids),
    own: (user + system) / 1e6,
    machine: machineCpuSeconds(),
  };
}

function between(before: Instant, after: Instant): Omit<Window, 'openedAtUs'> {
  const seconds = (after.atMs - before.atMs) / 1000;
  const cpu = growth(before.stack, after.stack);
  const generatorCpu = after.own - before.own;
  const foreign = after.machine - before.machine - total(cpu) - generatorCpu;
  return { seconds, cpu, generatorCpu, foreignCores: Math.max(0, foreign / seconds) };
}

const QUIET_CORES = 0.5;
const LOOK_MS = 500;

/** Waits, up to a limit, until other processes leave at least this much of the machine free. Resolves with what it saw. */
export async function waitForQuiet(pids: Pids, atMostSeconds: number): Promise<number> {
  const deadline = performance.now() + atMostSeconds * 1000;
  const bearable = Math.min(QUIET_CORES, availableParallelism() / 4);
  for (;;) {
    const window = openWindow(pids);
    await sleep(LOOK_MS);
    const { foreignCores } = window.close();
    if (foreignCores <= bearable || performance.now() > deadline) return foreignCores;
  }
}
