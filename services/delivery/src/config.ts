import { defineConfig, durationMs, int, secret, str } from '@securechat/kernel';

export const options = defineConfig({
  redisUrl: secret({
    env: 'REDIS_URL',
    doc: 'Redis or Valkey, 7.0 or later, with maxmemory-policy noeviction',
    example: 'redis://127.0.0.1:6379',
  }),
  postgresUrl: secret({
    env: 'POSTGRES_URL',
    doc: 'PostgreSQL 15 or later; the role securechat_delivery is enough',
    example: 'postgres://securechat_delivery@127.0.0.1:5432/securechat',
  }),
  streamPrefix: str({
    env: 'STREAM_PREFIX',
    default: 'sc',
    doc: 'Prefix of all Redis keys; the same in every service',
  }),
  streamPartitions: int({
    env: 'STREAM_PARTITIONS',
    default: 4,
    min: 1,
    max: 256,
    doc: 'Partitions of the ordered streams; the same in every service, changed only when all are stopped and drained',
  }),
  syncConcurrency: int({
    env: 'DELIVERY_SYNC_CONCURRENCY',
    default: 16,
    min: 1,
    max: 1000,
    doc: 'Mailbox pages read from Postgres at once by one process',
  }),
  receiptLingerMs: durationMs({
    env: 'DELIVERY_RECEIPT_LINGER_MS',
    default: 300,
    min: 0,
    doc: 'Receipts of a conversation are gathered for this long and sent as one',
  }),
});
