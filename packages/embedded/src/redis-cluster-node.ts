import { freePort } from './ports.ts';
import { startRedis } from './redis.ts';
import { askRedisServer } from './redis-command.ts';

/** A process of a cluster. */
export type ClusterNode = {
  readonly port: number;
  /** Where nodes talk to each other. */
  readonly busPort: number;
  readonly pid: number;
  isRunning(): boolean;
  /** One command to this node, whatever it holds; see askRedisServer. */
  ask(...command: (string | number)[]): Promise<string>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Again after that, as a replica. Empty, so its own has to have taken over (`failOver`). */
  start(): Promise<void>;
};

/**
 * After this a silent node is taken for dead. Long, because on a machine that is busy or stands still nodes are silent
 * that live; whoever kills one says itself when its replica takes over.
 */
const NODE_TIMEOUT_MS = 60_000;

/** Somebody else may take a port between our look and its use. */
const TRIES = 3;

/** Starts a node that belongs to no cluster yet. It keeps its place in the cluster in a file, and no data. */
export async function startClusterNode(dir: string, users: readonly string[]): Promise<ClusterNode> {
  const start = (port: number, busPort: number) =>
    startRedis({
      dir,
      port,
      users,
      // on a busy disk the file would make nodes look dead; one that was killed gets everything from its new master
      appendonly: false,
      settings: {
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        'cluster-node-timeout': NODE_TIMEOUT_MS,
        // one part without a master does not stop the others
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
