import { systemClock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { ReadyChecks } from './ready-checks.ts';
import type { Service } from './service.ts';

export type LifecycleOptions = {
  /** Builds the service, which is then started. */
  create: () => Promise<Service>;
  /** Released last: what must outlive the service. */
  release: () => Promise<void>;
  /** From the stop order until we give up, milliseconds. */
  graceMs: number;
  ready: ReadyChecks;
  logger: Logger;
};

export type Lifecycle = {
  start(): Promise<void>;
  /** A stop order from outside. A second one means: now. */
  shutDown(reason: string): void;
  /** A stop order that never counts as a second one: the launcher is gone. */
  shutDownOnce(reason: string): void;
  /** Something of ours broke for good: stop without draining, exit 1. */
  fail(error: unknown, reason: string): void;
};

/** A crashed service may be wedged: how long it gets to release its resources, milliseconds. */
const STOP_AFTER_CRASH_MS = 5000;
/** Ctrl-C reaches every process of a terminal, and launchers pass it on: a repeat within this time is the same order. */
const ECHO_MS = 500;
/** After `stop` nothing is open and Node exits by itself; otherwise something leaked, which is logged. */
const LINGER_MS = 1000;

/**
 * The states of a process:
 *
 * - starting: not ready. Parts are created and started. A stop order waits until this is done.
 * - running: ready as soon as all checks are true.
 * - draining: not ready. No new work; work in progress is finished. Entered by a stop order.
 * - stopping: resources are released. Entered after draining, or at once by a failure.
 * - ended: exit code set; Node exits when nothing is left open.
 *
 * A deadline runs from the stop order. When it passes, or a second order comes, the process exits with 1 and a log
 * line that names its state and what was still open.
 */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { create, release, graceMs, ready, logger } = options;
  let state: 'starting' | 'running' | 'draining' | 'stopping' | 'ended' = 'starting';
  let service: Service | undefined;
  let starting: Promise<void> = Promise.resolve();
  let orderedAtMs: number | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let exitCode = 0;

  ready.set('started', false);
  ready.set('not_stopping', true);

  async function createAndStart(): Promise<void> {
    try {
      service = await create();
      await service.start();
    } catch (error) {
      return fail(error, 'start failed');
    }
    if (orderedAtMs !== undefined) return;
    state = 'running';
    ready.set('started', true);
    logger.info('service started');
  }

  function shutDown(reason: string): void {
    if (orderedAtMs === undefined) begin(reason, graceMs, drainAndStop);
    else if (systemClock.monotonicMs() - orderedAtMs > ECHO_MS) giveUp(`second order to stop: ${reason}`);
  }

  function fail(error: unknown, reason: string): void {
    exitCode = 1;
    logger.fatal({ err: error, reason }, 'service failed');
    if (orderedAtMs === undefined) begin(reason, Math.min(graceMs, STOP_AFTER_CRASH_MS), stop);
  }

  function begin(reason: string, withinMs: number, end: () => Promise<void>): void {
    orderedAtMs = systemClock.monotonicMs();
    ready.set('not_stopping', false);
    logger.info({ reason, withinMs }, 'service ending');
    deadline = setTimeout(() => giveUp(`not done after ${withinMs} ms`), withinMs);
    end().then(finish, (error: unknown) => {
      exitCode = 1;
      logger.fatal({ err: error, state }, 'service ended badly');
      finish();
    });
  }

  async function drainAndStop(): Promise<void> {
    await starting;
    state = 'draining';
    try {
      await service?.drain?.();
    } catch (error) {
      exitCode = 1;
      logger.error({ err: error }, 'drain failed');
    }
    await stop();
  }

  async function stop(): Promise<void> {
    state = 'stopping';
    try {
      await service?.stop();
    } finally {
      await release();
    }
  }

  function finish(): void {
    state = 'ended';
    clearTimeout(deadline);
    logger.info({ exitCode }, 'service ended');
    process.exitCode = exitCode;
    setTimeout(() => giveUp('something was left open by stop', exitCode), LINGER_MS).unref();
  }

  function giveUp(reason: string, code = 1): never {
    logger.fatal({ reason, state, stillOpen: countResources() }, 'service forced to end');
    process.exit(code);
  }

  return {
    start: () => {
      starting = createAndStart();
      return starting;
    },
    shutDown,
    shutDownOnce: (reason) => {
      if (orderedAtMs === undefined) shutDown(reason);
    },
    fail,
  };
}

/** What keeps the process alive, by kind: `{ TCPSocketWrap: 3, Timeout: 1 }`. */
function countResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
