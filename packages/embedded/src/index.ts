export { commandLineOf } from './command-line.ts';
export {
  type GuardedProcess,
  type ProcessEnd,
  type SpawnGuardedOptions,
  spawnGuarded,
} from './guarded-process.ts';
export { lastLines } from './log-file.ts';
export { freePort, isPortFree } from './ports.ts';
export { type PostgresOptions, startPostgres } from './postgres.ts';
export { type RedisOptions, startRedis } from './redis.ts';
export { type RedisCluster, startRedisCluster } from './redis-cluster.ts';
export type { ClusterNode } from './redis-cluster-node.ts';
export { type RedisSentinel, startRedisSentinel } from './redis-sentinel.ts';
export type { EmbeddedServer } from './server.ts';
export { SERVICE_FLAGS } from './service-flags.ts';
