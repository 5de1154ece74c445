import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock } from './clock.ts';
import { ConfigError, defineConfig, durationMs, int, oneOf, readConfig, str } from './config.ts';
import { createLifecycle } from './lifecycle.ts';
import { createLogger, type Logger, logLevels } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type OpsServer, startOpsServer } from './ops-server.ts';
import { createReadyChecks, type ReadyChecks } from './ready-checks.ts';

export type Service = {
  /** Resolves when it works. Must not wait for Redis or Postgres to come back: that is up to the readers. */
  start(): Promise<void>;
  /** No new work; resolves when work in progress is finished. */
  drain?(): Promise<void>;
  /** Releases everything: no timer, socket or listener remains. Also called when `start` failed half-way. */
  stop(): Promise<void>;
};

/** What every service is given. */
export type Kit = {
  logger: Logger;
  metrics: Metrics;
  clock: Clock;
  /** Conditions of /readyz that the service adds to "started" and "not stopping". */
  ready: ReadyChecks;
  env: NodeJS.ProcessEnv;
  /** Unlike that of every other process, also of an earlier run of this one. */
  instance: string;
  /** A part that should run for ever has ended: the process stops and exits with 1. */
  fail: (error: unknown) => void;
};

/** The options that all services share. */
export const serviceOptions = defineConfig({
  logLevel: oneOf(logLevels, {
    env: 'LOG_LEVEL',
    default: 'info',
    doc: 'Lowest level of log lines to write',
  }),
  opsHost: str({ env: 'OPS_HOST', default: '127.0.0.1', doc: 'Address of /livez, /readyz and /metrics' }),
  opsPort: int({
    env: 'OPS_PORT',
    default: 0,
    min: 0,
    max: 65_535,
    doc: 'Port of /livez, /readyz and /metrics; 0 takes a free one and logs it',
  }),
  shutdownGraceMs: durationMs({
    env: 'SHUTDOWN_GRACE_MS',
    default: 15_000,
    min: 100,
    doc: 'How long after the order to stop the process gives up draining',
  }),
  instance: str({
    env: 'INSTANCE_ID',
    optional: true,
    pattern: /^[A-Za-z0-9._-]{1,64}$/,
    doc: 'Name of this process in logs and leases, to which each start adds a part of its own; that of the service and host if missing',
  }),
});

/**
 * Runs one service as this process: the only place that handles signals and ends the process. Exit code 0 after a
 * clean stop; 1 after a configuration fault, a failure, a second signal or a missed deadline.
 */
export async function runService(name: string, create: (kit: Kit) => Promise<Service>): Promise<void> {
  try {
    await run(name, create);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printFaults(error);
    process.exitCode = 1;
  }
}

async function run(name: string, create: (kit: Kit) => Promise<Service>): Promise<void> {
  const { config } = readConfig(serviceOptions);
  const instance = newIdentity(config.instance ?? `${name}-${hostname().slice(0, 40)}`);
  const logger = createLogger({ service: name, instance, level: config.logLevel });
  const metrics = createMetrics(name);
  const ready = createReadyChecks();

  let ops: OpsServer | undefined;

  async function openOpsServer(): Promise<void> {
    ops = await startOpsServer({
      port: config.opsPort,
      host: config.opsHost,
      registry: metrics.registry,
      isReady: () => ({ ready: ready.areTrue(), checks: ready.all() }),
    });
    logger.info({ opsPort: ops.port, pid: process.pid, node: process.version }, 'process started');
  }

  const lifecycle = createLifecycle({
    async create() {
      await openOpsServer();
      try {
        return await create({ logger, metrics, clock: systemClock, ready, env: process.env, instance, fail });
      } catch (error) {
        if (error instanceof ConfigError) printFaults(error);
        throw error;
      }
    },
    graceMs: config.shutdownGraceMs,
    ready,
    logger,
    async release() {
      stopListening();
      await ops?.close();
    },
  });
  function fail(error: unknown): void {
    lifecycle.fail(error, 'a part of the service ended');
  }
  const stopListening = listenToProcess({
    onSignal: lifecycle.shutDown,
    onLauncherGone: () => lifecycle.shutDownOnce('launcher gone'),
    onCrash: lifecycle.fail,
  });
  await lifecycle.start();
}

/** New at each start. By what they leave in Redis and Postgres, two processes of one name would take each other for themselves. */
export const newIdentity = (named: string): string => `${named}.${randomBytes(6).toString('hex')}`;

type ProcessEvents = {
  onSignal: (signal: string) => void;
  onLauncherGone: () => void;
  onCrash: (error: unknown, origin: string) => void;
};

/** Returns a function that undoes it, so that nothing of it keeps the process alive. */
function listenToProcess({ onSignal, onLauncherGone, onCrash }: ProcessEvents): () => void {
  // Node reports an unhandled rejection as an uncaught exception with that origin
  process.on('uncaughtException', onCrash);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // a launcher may have started us with a channel; it closes however the launcher dies
  const hasLauncher = process.send !== undefined;
  if (hasLauncher) process.on('disconnect', onLauncherGone);
  // it may have died while our modules were loading
  if (hasLauncher && !process.connected) queueMicrotask(onLauncherGone);

  return () => {
    process.off('disconnect', onLauncherGone);
    if (process.connected) process.disconnect();
  };
}

/** For the person at the terminal: a list is easier to read than a JSON line. */
function printFaults(error: ConfigError): void {
  process.stderr.write(`${error.message}\n`);
}
