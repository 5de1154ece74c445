/**
 * Names of the Redis streams between services. All of them may vanish at any instant without breaking a
 * promise: Redis is the wire, Postgres the truth. Braces mark the part that decides the cluster slot.
 *
 * | stream          | written by       | read by                         | bound                             |
 * |-----------------|------------------|---------------------------------|-----------------------------------|
 * | `…{d.N}:in`     | gateways         | owner of the partition, by XREAD | writes refused beyond a length    |
 * | `…{r.N}:ack`    | gateways         | owner of the partition, by XREAD | writes refused beyond a length    |
 * | `…{q.N}:sync`   | gateways         | delivery, consumer group         | trimmed by length; askers ask again |
 * | `…{a.N}:req`    | gateways         | auth, consumer group             | trimmed by length; askers ask again |
 * | `…{p.0}:presence` | gateways       | presence, consumer group         | trimmed by length and after 6 s   |
 * | `…{w.0}:req`    | gateways         | push, consumer group             | trimmed by length; askers ask again |
 * | `…{f.0}:req`    | gateways         | files, consumer group            | trimmed by length; askers ask again |
 * | `…{f.N}:chunk`  | gateways, on a Redis of its own | files, consumer group | writes refused beyond a length    |
 * | `…{g.ID}:bulk`  | files, on the same Redis | that gateway (a list)    | writes dropped beyond a length; askers ask again |
 * | `…{g.ID}:out`   | all services     | that gateway, own cursor         | trimmed; mailbox sequences repair  |
 */
export type StreamNames = {
  /** Deployment prefix, so that several can share a Redis. */
  readonly prefix: string;
  readonly ordered: readonly string[];
  readonly acks: readonly string[];
  readonly sync: readonly string[];
  readonly auth: readonly string[];
  readonly presence: readonly string[];
  readonly push: readonly string[];
  readonly files: readonly string[];
  /** File chunks: large, so they may have a Redis of their own. */
  readonly chunks: readonly string[];
  bulk(gatewayId: string): string;
  out(gatewayId: string): string;
};

export function streamNames(options: { prefix: string; partitions: number }): StreamNames {
  const { prefix, partitions } = options;
  const family = (tag: string, suffix: string): string[] =>
    Array.from({ length: partitions }, (_, index) => `${prefix}:{${tag}.${index}}:${suffix}`);
  return {
    prefix,
    ordered: family('d', 'in'),
    acks: family('r', 'ack'),
    sync: [`${prefix}:{q.0}:sync`],
    auth: [`${prefix}:{a.0}:req`],
    presence: [`${prefix}:{p.0}:presence`],
    push: [`${prefix}:{w.0}:req`],
    files: [`${prefix}:{f.0}:req`],
    chunks: family('f', 'chunk'),
    bulk: (gatewayId) => `${prefix}:{g.${gatewayId}}:bulk`,
    out: (gatewayId) => `${prefix}:{g.${gatewayId}}:out`,
  };
}

/** Partition of a conversation: FNV-1a (32 bit) over its id, identical in every process, permanently. */
export function partitionOf(conversationId: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < conversationId.length; i++) {
    hash ^= conversationId.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % partitions;
}
