import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { durableFolder, temporaryFolder } from './folders.ts';
import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import { lastLines } from './log-file.ts';
import { portFor } from './ports.ts';
import { findRedis } from './redis-program.ts';
import type { EmbeddedServer, Progress } from './server.ts';

export type RedisOptions = {
  /** Kept between starts. Default: a temporary folder, removed by stop(). */
  dir?: string;
  /** Default: a free one. */
  port?: number;
  /** Writes every change to an append-only file, flushed every second. Default: true if `dir` is given. */
  appendonly?: boolean;
  /** Further settings by their names in redis.conf. */
  settings?: Record<string, string | number>;
  /** In addition to the user without a password: name and rules of each, as in an ACL file. */
  users?: readonly string[];
  progress?: Progress;
};

/** Long, because Redis reads its append-only file before it answers. */
const START_DEADLINE_MS = 30_000;
const POLL_MS = 25;
/** Per ping: longer than Redis ever takes, but limited, in case something else has taken the port. */
const PING_MS = 1_000;

/** Starts a real Redis (or Valkey) on the loopback address, without a password. */
export async function startRedis(options: RedisOptions = {}): Promise<EmbeddedServer> {
  const { dir, appendonly = dir !== undefined, settings = {}, users = [] } = options;
  const { progress = () => undefined } = options;
  const port = await portFor('Redis', options.port);
  const account = serverAccount();
  const program = await findRedis(account, progress);
  const folder =
    dir === undefined ? temporaryFolder(account, 'redis') : durableFolder(account, dir, progress);

  const logFile = join(folder, 'redis.log');
  const args = redisArguments(port, folder, appendonly, { settings, users });
  const server = await spawnGuarded(program.path, args, {
    ...account,
    cwd: '/',
    argv0: program.argv0,
    env: { ...process.env, ...program.env },
    logFile,
    ...(dir === undefined ? { lastCleanup: folder } : {}),
  });
  await waitForRedis(server, port, logFile);
  server.unref();

  return {
    url: `redis://127.0.0.1:${port}`,
    pid: server.pid,
    port,
    dir: folder,
    program: program.path,
    exited: server.exited,
    async stop(signal = 'SIGTERM') {
      await server.stop(signal);
      if (dir === undefined) rmSync(folder, { recursive: true, force: true });
    },
    kill: () => server.stop('SIGKILL'),
  };
}

/** noeviction: when full, Redis must refuse writes and never drop stream entries. */
function redisArguments(
  port: number,
  folder: string,
  appendonly: boolean,
  { settings, users }: Required<Pick<RedisOptions, 'settings' | 'users'>>,
): string[] {
  return [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''],
    ...['--appendonly', appendonly ? 'yes' : 'no', '--appendfsync', 'everysec'],
    ...['--maxmemory-policy', 'noeviction', '--loglevel', 'notice'],
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...users.flatMap((user) => ['--user', ...user.split(' ')]),
  ];
}

/** Waits until it answers; also for a Sentinel. */
export async function waitForRedis(server: GuardedProcess, port: number, logFile: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answersPing(port))) {
    if (!server.isRunning()) throw new Error(`Redis did not start:\n${lastLines(logFile, 15)}`);
    if (Date.now() > deadline) {
      await server.stop('SIGKILL');
      throw new Error(`Redis on port ${port} did not answer within ${START_DEADLINE_MS / 1000} s.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** While Redis reads its files it accepts connections but answers -LOADING. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once('data', (reply) => answer(reply.toString().startsWith('+PONG')));
    socket.once('error', () => answer(false)).once('close', () => answer(false));
    socket.setTimeout(PING_MS, () => answer(false));
  });
}
