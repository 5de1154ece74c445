import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export type SpawnGuardedOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Receives standard output and standard error; without it both are discarded. */
  logFile?: string;
  /** The name by which the program is called. */
  argv0?: string;
  uid?: number;
  gid?: number;
  /** Sent if this process ends without having stopped the child. Default SIGTERM. */
  lastSignal?: NodeJS.Signals;
  /** Deleted after the child, if this process ends without having stopped it. */
  lastCleanup?: string;
};

export type ProcessEnd = { code: number | null; signal: NodeJS.Signals | null };

export type GuardedProcess = {
  pid: number;
  /** Settles when the process has ended, however it did. */
  exited: Promise<ProcessEnd>;
  isRunning(): boolean;
  /** Lets this process end while the child is running, which then ends too. */
  unref(): void;
  /** Asks it to end, and forces it after the deadline (default 10,000). */
  stop(signal: NodeJS.Signals, deadlineMs?: number): Promise<void>;
};

const STOP_DEADLINE_MS = 10_000;

/**
 * Starts a child that cannot outlive this process, even if this one is killed with SIGKILL.
 *
 * The child has its own process group, so that Ctrl-C in a terminal reaches only us and we stop things in order. It never inherits
 * our pipes: whoever reads our output would have to wait for an inherited pipe.
 */
export async function spawnGuarded(
  command: string,
  args: string[],
  options: SpawnGuardedOptions = {},
): Promise<GuardedProcess> {
  const { logFile, lastSignal = 'SIGTERM', lastCleanup = '', ...spawnOptions } = options;
  const output = logFile === undefined ? 'ignore' : openSync(logFile, 'a');
  const child = spawn(command, args, {
    ...spawnOptions,
    detached: true,
    stdio: ['ignore', output, output],
  });
  if (typeof output === 'number') closeSync(output);

  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = await spawned(child, command);
  const guard = startGuard(pid, lastSignal, lastCleanup);
  void exited.then(() => guard.dismiss());

  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    exited,
    isRunning,
    unref: () => child.unref(),
    async stop(signal, deadlineMs = STOP_DEADLINE_MS) {
      if (!isRunning()) return;
      child.ref();
      child.kill(signal);
      const force = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await exited;
      clearTimeout(force);
    },
  };
}

function spawned(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.once('error', (error) => reject(new Error(`Cannot run ${command}: ${error.message}`)));
  });
}

/**
 * A shell that waits for the end of its input. Nothing is ever written to it, so its input ends exactly when this process does; then it
 * ends the child: with a signal first, after 5 s (50 × 0.1 s) by force.
 */
const GUARD_SCRIPT = `read -r _
kill -s "$2" "$1" 2>/dev/null
left=50
while [ $left -gt 0 ] && kill -0 "$1" 2>/dev/null; do
  sleep 0.1
  left=$((left - 1))
done
kill -s KILL "$1" 2>/dev/null
[ -z "$3" ] || rm -rf "$3"`;

function startGuard(pid: number, signal: NodeJS.Signals, cleanup: string): { dismiss(): void } {
  const shell = spawn('sh', ['-c', GUARD_SCRIPT, 'guard', String(pid), signal.replace('SIG', ''), cleanup], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', (error) => {
    process.emitWarning(`Process ${pid} runs without a guard (${error.message}); it may outlive this one.`);
  });
  shell.unref();
  const input = shell.stdin as (typeof shell)['stdin'] & { unref?: () => void };
  input.on('error', () => undefined);
  input.unref?.();
  return {
    // by force, because at the end of its input it would end the child
    dismiss: () => void shell.kill('SIGKILL'),
  };
}
