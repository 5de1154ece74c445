import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterNode, startClusterNode } from './redis-cluster-node.ts';
import { ownersIn, tableOf } from './redis-cluster-table.ts';
import { until } from './until.ts';

export type RedisCluster = {
  /** Lists all nodes. */
  readonly url: string;
  /** The initial masters first, then their replicas. */
  readonly nodes: readonly ClusterNode[];
  /** The current masters, each with slots. */
  masters(): Promise<ClusterNode[]>;
  /** Resolves when running nodes serve all slots and agree on the owners, and replicas have their masters' data. */
  settled(): Promise<void>;
  /** Makes the replica of a killed master take its place; resolves when all nodes agree. */
  failOver(master: ClusterNode): Promise<void>;
  /** Moves slots with their keys to another master while they are in use, one at a time; afterwards all nodes know. */
  moveSlots(slots: readonly number[], to: ClusterNode): Promise<void>;
  stop(): Promise<void>;
};

const SLOTS = 16_384;
/** Nodes exchange changes at their own pace, which is slow on a busy machine. */
const DEADLINE_MS = 60_000;
/** Keys of a slot moved per command. */
const KEYS_AT_ONCE = 100;
const MIGRATE_DEADLINE_MS = 5_000;

/** Starts a real cluster on the loopback address: masters with one replica each. `users` as for startRedis, on each node. */
export async function startRedisCluster({
  masters = 3,
  users = [] as readonly string[],
} = {}): Promise<RedisCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-redis-cluster-'));
  chmodSync(folder, 0o755);
  const nodes: ClusterNode[] = [];

  async function stop(): Promise<void> {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true, force: true });
  }
  const running = (): ClusterNode[] => nodes.filter((node) => node.isRunning());

  async function isWhole(): Promise<boolean> {
    const [infos, links, tables] = await Promise.all([
      Promise.all(running().map((node) => node.ask('CLUSTER', 'INFO'))),
      Promise.all(running().map((node) => node.ask('INFO', 'replication'))),
      Promise.all(running().map(tableOf)),
    ]);
    const owners = tables.map(ownersIn);
    return (
      infos.every((info) => info.includes('cluster_state:ok')) &&
      links.every((link) => !link.includes('master_link_status:down')) &&
      new Set(owners.map((some) => JSON.stringify(some))).size === 1 &&
      first(owners).every(({ port }) => running().some((node) => node.port === port))
    );
  }

  async function settled(): Promise<void> {
    await until('the cluster is whole', isWhole, DEADLINE_MS).catch(async (error: Error) => {
      throw new Error(`${error.message}:\n${await first(running()).ask('CLUSTER', 'NODES')}`);
    });
  }

  try {
    const startNode = (n: number) => startClusterNode(join(folder, String(n)), users);
    // alone, because it may have to download the program
    nodes.push(await startNode(0));
    const starts = Array.from({ length: 2 * masters - 1 }, (_, n) => startNode(n + 1));
    const ends = await Promise.allSettled(starts);
    // if one failed to start, those that did must be stopped
    for (const end of ends) if (end.status === 'fulfilled') nodes.push(end.value);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    await unite(nodes, masters);
    await settled();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join()}`,
    nodes,
    async masters() {
      const owners = ownersIn(await tableOf(first(running())));
      return nodes.filter(({ port }) => owners.some((owner) => owner.port === port));
    },
    settled,
    async failOver(master) {
      await takeOver(running(), master);
      await settled();
    },
    async moveSlots(slots, to) {
      for (const slot of slots) await moveSlot(running(), slot, to);
      // a master that died before its replica knew its new slots would take them with it
      await settled();
    },
    stop,
  };
}

/** The replica declares itself master, which needs no vote; the others accept it. */
async function takeOver(nodes: readonly ClusterNode[], master: ClusterNode): Promise<void> {
  for (const node of nodes) {
    const replicates = /^master_port:(\d+)/m.exec(await node.ask('INFO', 'replication'))?.[1];
    if (Number(replicates) === master.port) return void (await node.ask('CLUSTER', 'FAILOVER', 'TAKEOVER'));
  }
  throw new Error(`The Redis on port ${master.port} has no replica`);
}

/** Assigns slots to the masters and masters to the replicas. */
async function unite(nodes: readonly ClusterNode[], masters: number): Promise<void> {
  const part = Math.ceil(SLOTS / masters);
  for (const [index, node] of nodes.entries()) {
    // otherwise two of them could claim the same slots
    await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    if (index < masters) {
      const end = Math.min(SLOTS, (index + 1) * part) - 1;
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', index * part, end);
    }
    // all of them: gossip would be slow to tell the rest
    for (const other of nodes.slice(0, index)) {
      await node.ask('CLUSTER', 'MEET', '127.0.0.1', other.port, other.busPort);
    }
  }
  await until(
    'all nodes know each other',
    async () => {
      const tables = await Promise.all(nodes.map(tableOf));
      return tables.every((table) => table.filter(({ isLinked }) => isLinked).length === nodes.length);
    },
    DEADLINE_MS,
  );
  const ids = await Promise.all(nodes.map((node) => node.ask('CLUSTER', 'MYID')));
  for (const [index, node] of nodes.slice(masters).entries()) {
    await node.ask('CLUSTER', 'REPLICATE', ids[index] ?? '');
  }
}

/** As in the Redis Cluster manual: announced on both ends, moved key by key, then announced to all. */
async function moveSlot(nodes: readonly ClusterNode[], slot: number, to: ClusterNode): Promise<void> {
  const owners = ownersIn(await tableOf(to));
  const owner = owners.find(({ ranges }) => ranges.some(([from, end]) => slot >= from && slot <= end));
  const from = nodes.find(({ port }) => port === owner?.port);
  if (!from || !owner || from === to) return;
  const toId = await to.ask('CLUSTER', 'MYID');
  await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner.id);
  await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const keys = await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE);
    if (keys === '') break;
    const place = ['127.0.0.1', to.port, '', 0, MIGRATE_DEADLINE_MS];
    await from.ask('MIGRATE', ...place, 'KEYS', ...keys.split('\n'));
  }
  // the new owner first: if the old one dropped the slot first, nobody would serve it
  await to.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  await from.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error('No node of the Redis cluster runs');
  return one;
}
