// What is running, and how it is ended: gateways first, data servers last, so that nothing loses what it still needs.

type Say = (line: string) => void;

/** Stopped in this order. */
const STAGES = ['edge', 'data', 'server'] as const;
export type Stage = (typeof STAGES)[number];

export type RunningProcess = {
  name: string;
  pid: number;
  stage: Stage;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** What to show when it ends unexpectedly. */
  lastWords(): string;
  /** Starts a replacement. Without it, everything ends when this has ended. */
  again?(): Promise<void>;
};

export type Running = ReturnType<typeof createRunning>;

/** npm, the terminal and run.mjs may each send the same Ctrl-C; within this time they count as one. */
const SAME_SIGNAL_MS = 500;
/** A process that ends sooner would presumably fail again. */
const STEADY_MS = 10_000;

export function createRunning(say: Say, steadyMs = STEADY_MS) {
  const restarts = new Set<Promise<void>>();
  let onRestart = () => {};
  const processes: RunningProcess[] = [];
  const stopRequest = Promise.withResolvers<void>();
  let stopping = false;
  let failed = false;
  let signalledAtMs: number | undefined;

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));

  function onSignal(signal: NodeJS.Signals): void {
    const now = performance.now();
    if (signalledAtMs !== undefined && now - signalledAtMs < SAME_SIGNAL_MS) return;
    const isSecond = signalledAtMs !== undefined;
    signalledAtMs = now;
    if (isSecond) {
      say('asked twice: killing everything');
      void Promise.all(processes.map((each) => each.kill())).then(() => process.exit(1));
    } else {
      say(`${signal}: stopping (again to kill)`);
      requestStop();
    }
  }

  function requestStop(): void {
    stopping = true;
    stopRequest.resolve();
  }

  function fail(error: unknown): void {
    if (error instanceof StopRequested) return;
    failed = true;
    say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    requestStop();
  }

  /** Everything started is added immediately, so that no stop can miss it. */
  function add(started: RunningProcess): void {
    processes.push(started);
    const startedAtMs = performance.now();
    void started.exited.then(({ code, signal }) => {
      processes.splice(processes.indexOf(started), 1);
      if (stopping) return;
      const what = `${started.name} ended by itself (${signal ?? `code ${code}`})`;
      if (!started.again || performance.now() - startedAtMs < steadyMs)
        return fail(new Error(`${what}.\n${started.lastWords()}`));
      say(`${what}; starting it again`);
      restart(started.again);
    });
    throwIfStopping();
  }

  function restart(again: () => Promise<void>): void {
    const restarted = again()
      .then(() => onRestart())
      .catch(fail)
      .finally(() => restarts.delete(restarted));
    restarts.add(restarted);
  }

  /** Called between the steps of a start, so that Ctrl-C takes effect there. */
  function throwIfStopping(): void {
    if (stopping) throw new StopRequested();
  }

  async function stop(): Promise<void> {
    stopping = true;
    // so that what has just been started is stopped too
    await Promise.all(restarts);
    for (const stage of STAGES) {
      const members = processes.filter((each) => each.stage === stage);
      if (members.length === 0) continue;
      say(`stopping ${members.map((each) => each.name).join(', ')}`);
      await Promise.all(members.map((each) => each.stop()));
    }
    say('stopped');
  }

  return {
    add,
    fail,
    stop,
    throwIfStopping,
    stopRequested: stopRequest.promise,
    failed: () => failed,
    /** A process that had ended was replaced by a new one. */
    onRestart: (listener: () => void) => {
      onRestart = listener;
    },
    processes: (): readonly RunningProcess[] => [...processes],
  };
}

class StopRequested extends Error {
  override readonly name = 'StopRequested';
}
