import { defineConfig, int, str, url } from './config.ts';

/** Options that several services read; defined once, so that they mean and allow the same everywhere. */
export const redisOption = url({
  env: 'REDIS_URL',
  protocols: ['redis:', 'rediss:'],
  secret: true,
  doc: 'Redis or Valkey, 7.0 or later, with maxmemory-policy noeviction',
  example: 'redis://127.0.0.1:6379',
});

/** `role` is the login role that is enough for the service. */
export function postgresOption(role: string) {
  return url({
    env: 'POSTGRES_URL',
    protocols: ['postgres:', 'postgresql:'],
    secret: true,
    doc: `PostgreSQL 15 or later; the role ${role} is enough`,
    example: `postgres://${role}@127.0.0.1:5432/securechat`,
  });
}

export const streamOptions = defineConfig({
  streamPrefix: str({
    env: 'STREAM_PREFIX',
    default: 'sc',
    pattern: /^[A-Za-z0-9_.-]{1,32}$/,
    doc: 'Prefix of all Redis keys; the same in every service of a deployment',
  }),
  streamPartitions: int({
    env: 'STREAM_PARTITIONS',
    default: 4,
    min: 1,
    max: 256,
    doc: 'Partitions of the ordered streams; the same in every service, changed only when all are stopped and drained',
  }),
});
