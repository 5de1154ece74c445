import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEADLINE_MS, ROOT, SERVICE_FLAGS, until, within } from '@securechat/testkit';
import { type Metrics, parseMetrics } from './metrics.ts';

export type ServiceName = 'auth' | 'delivery' | 'presence' | 'files' | 'push' | 'gateway';

export type ServicePlan = {
  service: ServiceName;
  /** `gateway 0`, for messages. */
  name: string;
  opsPort: number;
  env: Record<string, string>;
  /** Folder of the release that it is of; default this one. */
  root?: string;
};

/** A service runs in a process of its own, from its own entry point, as in a deployment. */
export type ServiceProcess = {
  readonly name: string;
  readonly opsUrl: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Folder of the release that runs. */
  readonly root: string;
  /** Lines of its log, oldest first, as they were written. */
  readonly log: readonly string[];
  /** Each end that no signal of ours asked for, in words. */
  readonly crashes: readonly string[];
  /**
   * Sends a signal. Resolves when the process has ended, unless the signal only pauses or resumes it. One that has ended
   * gets none.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Starts it again on its old ports, after an orderly end if it still runs, and waits until it is ready. With `root`
   * as the same service of that release, from now on; with `settings` as with these changed.
   */
  restart(root?: string, settings?: Record<string, string>): Promise<void>;
  /** An orderly end; fails when the process does not end, says that something went wrong, or had crashed before. */
  stop(): Promise<void>;
  ready(deadlineMs?: number): Promise<void>;
  metrics(): Promise<Metrics>;
};

const KEPT_LINES = 2_000;
const READY_DEADLINE_MS = 180_000;
/** The services give up after 15 s by themselves. */
const END_DEADLINE_MS = 20_000;
const PAUSING: ReadonlySet<NodeJS.Signals> = new Set(['SIGSTOP', 'SIGCONT']);

export async function startService(plan: ServicePlan): Promise<ServiceProcess> {
  const opsUrl = `http://127.0.0.1:${plan.opsPort}`;
  const log: string[] = [];
  const crashes: string[] = [];
  let root = plan.root ?? ROOT;
  let isEndAsked = false;
  let child = start();

  function start(): ChildProcess {
    isEndAsked = false;
    const started = launch(plan, root, log);
    started.on('exit', (code, signal) => {
      if (!isEndAsked) crashes.push(`${plan.name} ended by itself with ${code ?? signal}`);
    });
    return started;
  }

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!isRunning()) return;
    if (PAUSING.has(signal)) {
      child.kill(signal);
      return;
    }
    const ended = once(child, 'exit');
    isEndAsked = true;
    child.kill(signal);
    // a paused process acts on nothing but SIGKILL before it goes on
    child.kill('SIGCONT');
    await within(ended, END_DEADLINE_MS, () => `the end of ${plan.name} after ${signal}`);
  }

  async function stop(): Promise<void> {
    const wasRunning = isRunning();
    if (!wasRunning && !isEndAsked) throw new Error(`${crashes.at(-1)}:\n${lastLines(log)}`);
    try {
      await kill('SIGTERM');
    } finally {
      if (isRunning()) child.kill('SIGKILL');
    }
    if (wasRunning && child.exitCode !== 0) {
      throw new Error(`${plan.name} ended with ${child.exitCode ?? child.signalCode}:\n${lastLines(log)}`);
    }
  }

  async function ready(deadlineMs = READY_DEADLINE_MS): Promise<void> {
    const check = async (): Promise<'ready' | 'ended' | false> => {
      if (!isRunning()) return 'ended';
      const response = await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(1_000) });
      return response.ok && 'ready';
    };
    const state = await until(`${plan.name} is ready`, check, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${lastLines(log)}`, { cause: error });
    });
    if (state === 'ended') throw new Error(`${plan.name} has ended:\n${lastLines(log)}`);
  }

  return {
    name: plan.name,
    opsUrl,
    log,
    crashes,
    get pid() {
      return child.pid ?? -1;
    },
    get isRunning() {
      return isRunning();
    },
    get root() {
      return root;
    },
    kill,
    stop,
    ready,
    async restart(other = root, settings = {}) {
      await stop();
      Object.assign(plan.env, settings);
      root = other;
      child = start();
      await ready();
    },
    async metrics() {
      const response = await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
      return parseMetrics(await response.text());
    },
  };
}

/** The channel ('ipc') closes when this process ends in whatever way, and the service then ends itself. */
function launch(plan: ServicePlan, root: string, log: string[]): ChildProcess {
  const program = join(root, 'services', plan.service, 'src/main.ts');
  // with compiled code from the cache it starts with half the work
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [...SERVICE_FLAGS, program], {
    cwd: root,
    env: { ...plan.env, PATH, NODE_COMPILE_CACHE, OPS_PORT: String(plan.opsPort) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line);
      if (log.length > KEPT_LINES) log.splice(0, log.length - KEPT_LINES);
    });
  }
  child.on('error', (error) => log.push(`could not be started: ${error.message}`));
  return child;
}

/** The end of a log for a person: JSON lines as time, level, message and the other fields. */
export function lastLines(log: readonly string[], count = 30): string {
  return log
    .slice(-count)
    .map((line) => `    ${readable(line)}`)
    .join('\n');
}

const KNOWN_BY_PLACE = new Set(['level', 'time', 'msg', 'service', 'instance', 'pid', 'hostname']);

function readable(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const time = typeof entry.time === 'number' ? new Date(entry.time).toISOString() : String(entry.time);
  const rest = Object.entries(entry).filter(([field]) => !KNOWN_BY_PLACE.has(field));
  const fields = rest.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(rest))}`;
  return `${time.slice(11, 23)} ${String(entry.level)} ${String(entry.msg)}${fields}`;
}
