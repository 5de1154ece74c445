import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GuardedProcess, lastLines, SERVICE_FLAGS, spawnGuarded } from '@securechat/embedded';
import { ROOT } from '../tools.ts';
import { freshLog } from './logs.ts';
import type { Running, Stage } from './running.ts';
import type { ServiceInstance } from './services.ts';

export type ProcessPlan = {
  name: string;
  /** Path from the project root. */
  script: string;
  stage: Stage;
  /** Added to our own environment; undefined removes a variable. */
  env: Record<string, string | undefined>;
  /** Answers 200 once the process is ready. */
  readyUrl: string;
};

export type Surroundings = { dataFolder: string; running: Running; say: (line: string) => void };

const READY_DEADLINE_MS = 30_000;
const READY_POLL_MS = 100;
/** Longer than the 15 s that a service allows itself to finish its work (SHUTDOWN_GRACE_MS). */
const STOP_DEADLINE_MS = 20_000;

export function startService(instance: ServiceInstance, around: Surroundings): Promise<void> {
  const script = join('services', instance.service, 'src', 'main.ts');
  return startProcess({ ...instance, script, readyUrl: `${instance.opsUrl}/readyz` }, around);
}

/** Starts the process and waits until it reports that it is ready. */
export async function startProcess(plan: ProcessPlan, around: Surroundings): Promise<void> {
  const { dataFolder, running, say } = around;
  running.throwIfStopping();
  const script = join(ROOT, plan.script);
  if (!existsSync(script)) throw new Error(`${script} is missing: take a complete copy of the project.`);

  const logFile = freshLog(dataFolder, plan.name);
  const startedAtMs = performance.now();
  const child = await spawnGuarded(process.execPath, [...SERVICE_FLAGS, script], {
    cwd: ROOT,
    env: { ...process.env, ...plan.env },
    logFile,
  });
  running.add({
    name: plan.name,
    pid: child.pid,
    stage: plan.stage,
    exited: child.exited,
    stop: () => child.stop('SIGTERM', STOP_DEADLINE_MS),
    kill: () => child.stop('SIGKILL'),
    lastWords: () => `Last lines of ${relative(ROOT, logFile)}:\n${lastLines(logFile, 20)}`,
    again: () => startProcess(plan, around),
  });
  await untilReady(plan, child, running, logFile);
  say(`${plan.name}: ready (${Math.round(performance.now() - startedAtMs)} ms)`);
}

async function untilReady(
  { name, readyUrl }: ProcessPlan,
  child: GuardedProcess,
  running: Running,
  logFile: string,
): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    // an early end is reported by `running`, which asks for a stop
    if (!child.isRunning()) await child.exited;
    running.throwIfStopping();
    const answer = await ask(readyUrl);
    if (answer === 200) return;
    if (performance.now() > deadline) {
      throw new Error(
        `${name} was not ready within ${READY_DEADLINE_MS / 1000} s (${readyUrl} answered ${answer}).\n` +
          `Last lines of ${relative(ROOT, logFile)}:\n${lastLines(logFile, 20)}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
}

async function ask(url: string): Promise<number | 'nothing'> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 'nothing';
  }
}
