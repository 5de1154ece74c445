export { type Backoff, type BackoffOptions, backoffDelayMs, createBackoff } from './backoff.ts';
export { BLOCK_MS, type BlockingReader } from './blocking-reader.ts';
export { addressKey } from './client-address.ts';
export { type Clock, sleep, systemClock } from './clock.ts';
export { closeWorker } from './close-worker.ts';
export { CannotDo, noWords, oneWord, runCommand, UsageError } from './command.ts';
export { createComplaints } from './complaints.ts';
export {
  bool,
  bytes,
  ConfigError,
  type ConfigOf,
  type ConfigRow,
  type ConfigSpec,
  defineConfig,
  describeConfig,
  durationMs,
  int,
  list,
  type Option,
  oneOf,
  readConfig,
  type SecretsOf,
  secret,
  str,
  url,
} from './config.ts';
export { createEndpoints, type Endpoints, hostOf, isOrigin, isPublicAddress } from './endpoints.ts';
export {
  classify,
  DeadlineError,
  type ErrorClass,
  isConnectionLoss,
  isError,
  PoisonError,
  RetryableError,
  sqlState,
  withDeadline,
} from './errors.ts';
export { type Finding, judgeClock, lookAt, runDoctor } from './findings.ts';
export { gatherCalls } from './gather-calls.ts';
export { createJobRunner, type Job, type JobRunner, type JobRunnerOptions } from './jobs.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel, logLevels } from './logger.ts';
export { createLoop, type Loop } from './loop.ts';
export {
  type ClosedLabels,
  type CounterMetric,
  createMetrics,
  type GaugeMetric,
  type HistogramMetric,
  latencyBuckets,
  type Metrics,
} from './metrics.ts';
export {
  type MigrateOptions,
  type Migrations,
  migrateToLatest,
  pendingMigrations,
  requireMigrations,
} from './migrate.ts';
export { runMigrate } from './migrate-command.ts';
export { createNetworkMatcher, type NetworkMatcher } from './networks.ts';
export { type OpsServer, type OpsServerOptions, startOpsServer } from './ops-server.ts';
export { createOriginMatcher, type OriginMatcher } from './origins.ts';
export {
  type ConnectionOptions,
  kyselyFor,
  openDedicatedClient,
  openPool,
  type PoolOptions,
  type PostgresClient,
} from './postgres.ts';
export { createReadLoop, type ReadLoop } from './read-loop.ts';
export { createReadyChecks, type ReadyChecks } from './ready-checks.ts';
export { isRedisDown, openProducer, type Producer, type RedisConnectionOptions } from './redis.ts';
export type { RedisClient } from './redis-cluster.ts';
export { openQueueConnection } from './redis-queue.ts';
export { runsOf } from './redis-runs.ts';
export { redisTimeMs } from './redis-time.ts';
export { repeatEvery } from './repeat.ts';
export { loadScript, type Script, type ScriptArg } from './script.ts';
export { type Kit, newIdentity, runService, type Service, serviceOptions } from './service.ts';
export { shareRuns } from './share-runs.ts';
export {
  fileOptions,
  originsOption,
  postgresOption,
  redisOption,
  streamOptions,
  trustedProxiesOption,
  webhookOriginsOption,
} from './shared-options.ts';
export { createSocketShares, shareSockets } from './socket-shares.ts';
export { createConsumerGroup } from './streams/consumer-group.ts';
export { type DeadLetter, insertDeadLetter } from './streams/dead-letter.ts';
export { encodeRequest, parseQuestion, type StreamRequest } from './streams/request.ts';
export {
  createRequestConsumer,
  type RequestConsumer,
  type RequestConsumerOptions,
} from './streams/request-consumer.ts';
export { idBehind, parseEntries, type StreamEntry } from './streams/stream-entries.ts';
export { CommitUnknownError, commit, withTransaction } from './transaction.ts';
