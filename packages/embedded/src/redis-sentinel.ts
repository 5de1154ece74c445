import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { temporaryFolder } from './folders.ts';
import { spawnGuarded } from './guarded-process.ts';
import { freePort } from './ports.ts';
import { startRedis, waitForRedis } from './redis.ts';
import { askRedisServer } from './redis-command.ts';
import { findRedis } from './redis-program.ts';
import type { EmbeddedServer } from './server.ts';
import { until } from './until.ts';

export type RedisSentinel = {
  /** Lists all Sentinels. */
  readonly url: string;
  /** As the majority of Sentinels reports it. */
  masterPort(): Promise<number>;
  /** Kills the master; resolves when the Sentinels have agreed on its replica, and the killed one is back as a replica of that. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
};

const NAME = 'chat';
const SENTINELS = 3;
/** A master silent for this long counts as dead: long enough for a busy machine, short enough for a test. */
const DOWN_AFTER_MS = 3_000;
const DEADLINE_MS = 90_000;

/**
 * Starts a master, a replica, and three Sentinels watching them, on the loopback address. `users`: of both servers, in addition to the
 * one without a password.
 */
export async function startRedisSentinel({
  users = [],
}: {
  users?: readonly string[];
} = {}): Promise<RedisSentinel> {
  const servers = new Map<number, EmbeddedServer>();
  const watchers: Watcher[] = [];

  async function stop(): Promise<void> {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await Promise.all([...servers.values()].map((server) => server.kill().then(() => server.stop())));
  }
  async function startServer(port?: number): Promise<EmbeddedServer> {
    const server = await startRedis({
      ...(port === undefined ? {} : { port }),
      users,
      settings: { 'repl-diskless-sync-delay': 0, 'repl-ping-replica-period': 1 },
    });
    servers.set(server.port, server);
    return server;
  }
  const named = async (): Promise<number[]> =>
    Promise.all(
      watchers.map(async ({ port }) =>
        Number((await askRedisServer(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)).split('\n')[1]),
      ),
    );
  const isReplicating = async (port: number): Promise<boolean> =>
    (await askRedisServer(port, 'INFO', 'replication')).includes('master_link_status:up');
  const sees = async (port: number, what: string): Promise<boolean> =>
    (await askRedisServer(port, 'INFO', 'sentinel')).includes(what);

  try {
    const [master, replica] = [await startServer(), await startServer()];
    await askRedisServer(replica.port, 'REPLICAOF', '127.0.0.1', master.port);
    await until('the replica has all', () => isReplicating(replica.port), DEADLINE_MS);
    for (let n = 0; n < SENTINELS; n += 1) watchers.push(await startWatcher(master.port));
    await until(
      'the Sentinels know each other and both servers',
      async () => {
        const all = await Promise.all(
          watchers.map(({ port }) => sees(port, `slaves=1,sentinels=${SENTINELS}`)),
        );
        return all.every(Boolean);
      },
      DEADLINE_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const masterPort = async (): Promise<number> => (await named()).sort()[1] ?? 0;
  return {
    url: `redis+sentinel://${watchers.map(({ port }) => `127.0.0.1:${port}`).join()}/${NAME}`,
    masterPort,
    async failOver() {
      const before = await masterPort();
      await servers.get(before)?.kill();
      await until(
        'all Sentinels name the replica',
        async () => (await named()).every((port) => port !== before),
        DEADLINE_MS,
      );
      // empty, and a master without replicas: clients that ask Sentinel are not led to it
      await startServer(before);
      await until('the killed one is a replica now', () => isReplicating(before), DEADLINE_MS);
    },
    stop,
  };
}

type Watcher = { readonly port: number; stop(): Promise<void> };

/** A Sentinel saves what it learns in its configuration, so each has its own file. */
async function startWatcher(masterPort: number): Promise<Watcher> {
  const account = serverAccount();
  const program = await findRedis(account, () => undefined);
  const folder = temporaryFolder(account, 'sentinel');
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  const lines = [
    ...['bind 127.0.0.1', `port ${port}`, `dir ${folder}`],
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 10000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  if (account.uid !== undefined && account.gid !== undefined) chownSync(file, account.uid, account.gid);
  const logFile = join(folder, 'sentinel.log');
  const process_ = await spawnGuarded(program.path, [file, '--sentinel'], {
    ...account,
    cwd: '/',
    argv0: program.argv0,
    env: { ...process.env, ...program.env },
    logFile,
    lastCleanup: folder,
  });
  await waitForRedis(process_, port, logFile);
  process_.unref();
  return {
    port,
    async stop() {
      await process_.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
