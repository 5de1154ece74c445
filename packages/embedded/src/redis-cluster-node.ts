import { freePort } from './ports.ts';
import { startRedis } from './redis.ts';
import { askRedisServer } from './redis-command.ts';

/** A node of a cluster. */
export type ClusterNode = {
  readonly port: number;
  /** The port for traffic between nodes. */
  readonly busPort: number;
  readonly pid: number;
  isRunning(): boolean;
  /** Sends one command to this node, whatever data it holds; see askRedisServer. */
  ask(...command: (string | number)[]): Promise<string>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it after `kill`, as a replica. It is empty, so its replica must have taken over first (`failOver`). */
  start(): Promise<void>;
};

/**
 * After this time a silent node counts as dead. Long, because on a busy or suspended machine live nodes are silent too; whoever kills one
 * triggers the failover itself.
 */
const NODE_TIMEOUT_MS = 60_000;

/** Somebody else may take a port after we found it free. */
const TRIES = 3;

/** Starts a node that belongs to no cluster yet. It stores its cluster membership in a file, but no data. */
export async function startClusterNode(dir: string, users: readonly string[]): Promise<ClusterNode> {
  const start = (port: number, busPort: number) =>
    startRedis({
      dir,
      port,
      users,
      // on a busy disk the file would make nodes appear dead; a killed node gets all data from its new master
      appendonly: false,
      settings: {
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        'cluster-node-timeout': NODE_TIMEOUT_MS,
        // slots without a master do not stop the others
        'cluster-require-full-coverage': 'no',
        'repl-diskless-sync-delay': 0,
      },
    });

  async function startSomewhere() {
    for (let tries = 1; ; tries += 1) {
      const [port, busPort] = [await freePort(), await freePort()];
      try {
        return { port, busPort, server: await start(port, busPort) };
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  const { port, busPort, ...first } = await startSomewhere();
  let { server } = first;
  let isRunning = true;
  return {
    port,
    busPort,
    get pid() {
      return server.pid;
    },
    isRunning: () => isRunning,
    ask: (...command) => askRedisServer(port, ...command),
    async kill() {
      isRunning = false;
      await server.kill();
    },
    async start() {
      server = await start(port, busPort);
      isRunning = true;
    },
  };
}
