import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Account, serverAccount } from './account.ts';
import { durableFolder, temporaryFolder } from './folders.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import { lastLines } from './log-file.ts';
import { portFor } from './ports.ts';
import { ensureDatabase, waitForPostgres } from './postgres-client.ts';
import { postgresPrograms } from './postgres-programs.ts';
import type { EmbeddedServer, Progress } from './server.ts';
import { clearStaleLock } from './stale-lock.ts';

export type PostgresOptions = {
  /** Kept between starts. Default: a temporary folder, removed by stop(). */
  dir?: string;
  /** Default: a free one. */
  port?: number;
  /** Created if missing. Default: the maintenance database `postgres`. */
  database?: string;
  /** false: no fsync and no full-page writes, for tests. Commits survive a kill of the server, but not a power cut. */
  durable?: boolean;
  /** Further settings by their names in postgresql.conf. */
  settings?: Record<string, string | number>;
  progress?: Progress;
};

const LOG_FILE = 'postgres.log';

/** The processes of a killed server hold its shared memory for a while; until then a start fails. */
const LEFTOVER_GRACE_MS = 10_000;
const LEFTOVER = /pre-existing shared memory block|lock file .* already exists/;

/** Starts a real Postgres on the loopback address, as superuser `postgres` without a password. */
export async function startPostgres(options: PostgresOptions = {}): Promise<EmbeddedServer> {
  const { dir, database = 'postgres', progress = () => undefined } = options;
  const port = await portFor('Postgres', options.port);
  const account = serverAccount();
  const programs = postgresPrograms(account, progress);
  const folder =
    dir === undefined ? temporaryFolder(account, 'postgres') : durableFolder(account, dir, progress);
  const cluster = join(folder, 'cluster');
  if (!existsSync(cluster)) await createCluster(programs, account, cluster, progress);

  const cleanup = dir === undefined ? folder : undefined;
  const server = await startServer({ programs, account, folder, cluster, port, cleanup, options });
  await ensureDatabase(port, database);
  server.unref();

  return {
    url: `postgres://postgres@127.0.0.1:${port}/${database}`,
    pid: server.pid,
    port,
    dir: folder,
    program: join(programs, 'bin/postgres'),
    exited: server.exited,
    // SIGINT: Postgres ends open sessions instead of waiting for them
    async stop(signal = 'SIGINT') {
      await server.stop(signal);
      if (cleanup !== undefined) rmSync(cleanup, { recursive: true, force: true });
    },
    kill: () => server.stop('SIGKILL'),
  };
}

/** Created under a different name first, so that an interrupted initdb is never taken for a cluster. */
async function createCluster(
  programs: string,
  account: Account,
  cluster: string,
  progress: Progress,
): Promise<void> {
  progress('creating the Postgres data folder');
  const draft = `${cluster}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  chmodSync(draft, 0o700);
  if (account.uid !== undefined && account.gid !== undefined) chownSync(draft, account.uid, account.gid);
  const args = ['-D', draft, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  const logFile = join(dirname(cluster), LOG_FILE);
  const initdb = await spawnGuarded(join(programs, 'bin/initdb'), args, {
    ...account,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    logFile,
  });
  const { code } = await initdb.exited;
  if (code !== 0) throw new Error(`initdb failed:\n${lastLines(logFile, 15)}`);
  renameSync(draft, cluster);
}

type ServerPlan = {
  programs: string;
  account: Account;
  folder: string;
  cluster: string;
  port: number;
  cleanup: string | undefined;
  options: PostgresOptions;
};

async function startServer(plan: ServerPlan): Promise<GuardedProcess> {
  const { programs, account, folder, cluster, port, cleanup, options } = plan;
  const logFile = join(folder, LOG_FILE);
  const args = ['-D', cluster, '-p', String(port)];
  for (const [name, value] of Object.entries(settingsFor(options))) args.push('-c', `${name}=${value}`);

  const deadline = Date.now() + LEFTOVER_GRACE_MS;
  for (;;) {
    await clearStaleLock(cluster);
    const server = await spawnGuarded(join(programs, 'bin/postgres'), args, {
      ...account,
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
      logFile,
      lastSignal: 'SIGINT',
      ...(cleanup === undefined ? {} : { lastCleanup: cleanup }),
    });
    if (await waitForPostgres(server, port, cluster)) return server;

    const log = lastLines(logFile, 15);
    if (!LEFTOVER.test(log) || Date.now() > deadline) throw new Error(`Postgres did not start:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function settingsFor({ durable = true, settings = {} }: PostgresOptions): Record<string, string | number> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    synchronous_commit: 'on',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    ...settings,
  };
}
