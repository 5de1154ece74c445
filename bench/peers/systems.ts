// The systems compared. Each is started anew for every run, and reports its addresses and processes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  isPortFree,
  lastLines,
  spawnGuarded,
  startPostgres,
  startRedis,
} from '@securechat/embedded';
import { ROOT, rowsOf, until } from '@securechat/testkit';
import type { DriverName, Target } from '../generator/drivers/driver.ts';
import type { WorkloadName } from '../generator/job.ts';
import type { Pids } from '../measure/processes.ts';
import { startStack } from '../stack.ts';

type RunningSystem = Target & { pids: Pids; stop(): Promise<void> };

type System = {
  /** What it has done when the sender gets its ack. */
  acked: string;
  workloads: readonly WorkloadName[];
  start(): Promise<RunningSystem>;
};

export type SystemName = 'securechat' | 'relay' | 'relay-fastify' | 'socketio' | 'socketio-postgres';

const TABLE = `CREATE TABLE messages (
  id uuid PRIMARY KEY, sender text NOT NULL, recipient text NOT NULL, body text NOT NULL, at timestamptz DEFAULT now())`;
const NODES = ['node-1', 'node-2'];

export const systems: Record<SystemName, System> = {
  securechat: {
    acked: 'signature checked, committed with fsync',
    workloads: ['full', 'rate', 'idle', 'offline', 'group'],
    async start() {
      const { wsUrls, authUrl, pids, stop } = await startStack();
      return { driver: 'securechat', wsUrls, authUrl, pids, stop };
    },
  },
  relay: {
    acked: 'handed to the other socket',
    workloads: ['full', 'rate', 'idle', 'group'],
    start: () => startPeer('relay', async (peer) => peer.run('relay', 'ws-relay.ts', {})),
  },
  'relay-fastify': {
    acked: 'handed to the other socket',
    workloads: ['full', 'rate', 'idle', 'group'],
    start: () => startPeer('relay', async (peer) => peer.run('relay', 'fastify-relay.ts', {})),
  },
  socketio: {
    acked: 'handler ran; the write to the stream is not waited for',
    workloads: ['full', 'rate', 'idle', 'offline', 'group'],
    start: () =>
      startPeer('socketio', async (peer) => {
        const REDIS_URL = await peer.redis();
        for (const node of NODES) await peer.run(node, 'socketio-node.ts', { REDIS_URL });
      }),
  },
  'socketio-postgres': {
    acked: 'committed with fsync, a row and a commit each',
    workloads: ['full', 'rate', 'group'],
    start: () =>
      startPeer('socketio', async (peer) => {
        const [REDIS_URL, POSTGRES_URL] = [await peer.redis(), await peer.postgres()];
        for (const node of NODES) await peer.run(node, 'socketio-node.ts', { REDIS_URL, POSTGRES_URL });
      }),
  },
};

/** The processes of one peer, stopped in reverse order. */
class Peer {
  readonly wsUrls: string[] = [];
  readonly pids: Record<string, number> = {};
  readonly #folder = mkdtempSync(join(tmpdir(), 'securechat-peer-'));
  readonly #stops: (() => Promise<void>)[] = [
    async () => rmSync(this.#folder, { recursive: true, force: true }),
  ];

  /** As installed by default: in memory. */
  async redis(): Promise<string> {
    const { url, pid, stop } = await startRedis({ appendonly: false });
    this.#stops.push(() => stop());
    this.pids.redis = pid;
    return url;
  }

  /** The same program and settings as ours: fsync on. */
  async postgres(): Promise<string> {
    const { url, pid, stop } = await startPostgres({ database: 'chat', settings: { max_connections: 200 } });
    this.#stops.push(() => stop());
    this.pids.postgres = pid;
    await rowsOf(url, TABLE);
    return url;
  }

  async run(name: string, script: string, env: Record<string, string>): Promise<void> {
    const port = await freePort();
    const logFile = join(this.#folder, `${name}.log`);
    const child = await spawnGuarded(process.execPath, [join(ROOT, 'bench/peers/servers', script)], {
      ...{ cwd: ROOT, env: { ...process.env, ...env, PORT: String(port) }, logFile },
    });
    this.#stops.push(() => child.stop('SIGTERM'));
    this.pids[name] = child.pid;
    await until(`${name} listens`, async () => {
      if (!child.isRunning()) throw new Error(lastLines(logFile, 20));
      return !(await isPortFree(port));
    });
    this.wsUrls.push(`ws://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    for (const stopOne of this.#stops.splice(0).reverse()) await stopOne();
  }
}

async function startPeer(driver: DriverName, start: (peer: Peer) => Promise<void>): Promise<RunningSystem> {
  const peer = new Peer();
  try {
    await start(peer);
  } catch (error) {
    await peer.stop();
    throw error;
  }
  const { wsUrls, pids } = peer;
  return { driver, wsUrls, authUrl: '', pids, stop: () => peer.stop() };
}
