import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';
import { reconnectAfterMs } from './redis-options.ts';

/** What commands are sent through; it picks the cluster node itself. */
export type RedisClient = Redis | Cluster;

const REFRESH_TIMEOUT_MS = 2_000;

/**
 * A redirected command was refused, so it is sent again; one whose connection was lost is not. ioredis by default
 * resends that as well, which writes twice.
 */
export function openCluster(
  { nodes, login }: Extract<RedisAddress, { kind: 'cluster' }>,
  options: RedisOptions,
): Cluster {
  const { retryStrategy, enableOfflineQueue, ...ofNodes } = options;
  const cluster = new Cluster([...nodes], {
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    enableOfflineQueue: false,
    slotsRefreshTimeout: REFRESH_TIMEOUT_MS,
    clusterRetryStrategy: reconnectAfterMs,
    redisOptions: { ...ofNodes, ...login },
  });
  // at once: while a node is connecting, all but the first command for it would be rejected
  cluster.on('+node', (node: Redis) => {
    if (node.status === 'wait') node.connect().catch(() => undefined);
  });
  return cluster;
}

/** A command for a node that is still connecting is rejected, so a cluster is ready with the last of its masters. */
export function takesCommands(redis: RedisClient): boolean {
  if (redis.status !== 'ready') return false;
  return !(redis instanceof Cluster) || redis.nodes('master').every(({ status }) => status === 'ready');
}
