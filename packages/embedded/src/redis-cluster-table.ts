import type { ClusterNode } from './redis-cluster-node.ts';

export type Row = { id: string; port: number; isLinked: boolean; ranges: [number, number][] };

/** A node's view of the cluster: `<id> <host>:<port>@<bus port> <flags> <master> <ping> <pong> <epoch> <link> <slots>…`, a line per node. */
export async function tableOf(node: ClusterNode): Promise<Row[]> {
  const lines = (await node.ask('CLUSTER', 'NODES')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', , , , , link, ...slots] = line.split(' ');
    const isLinked = !/handshake|noaddr/.test(flags) && (flags.includes('myself') || link === 'connected');
    const ranges = slots.filter((slot) => /^\d/.test(slot)).map((slot) => slot.split('-').map(Number));
    return {
      id,
      port: Number(/:(\d+)@/.exec(address)?.[1]),
      isLinked,
      ranges: ranges.map(([from = 0, end = from]) => [from, end]),
    };
  });
}

/** The nodes with slots, in an order that is the same for all tables. */
export const ownersIn = (table: readonly Row[]): Row[] =>
  table
    .filter(({ ranges }) => ranges.length > 0)
    .map((row) => ({ ...row, isLinked: true }))
    .toSorted((one, other) => one.port - other.port);
