import { openPool, openProducer, type RedisClient, readConfig } from '@securechat/kernel';
import { type StreamNames, streamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { options } from './config.ts';

/** What an operator asks may take a while: an id is looked for in the index of each day, mailboxes are counted. */
const STATEMENT_MS = 60_000;
const REDIS_MS = 5_000;

export type Stores = { pool: Pool; redis: RedisClient; streams: StreamNames };

/** Postgres and Redis as the options of delivery name them, for a command that only looks; closed when it has looked. */
export async function withStores<T>(command: string, look: (stores: Stores) => Promise<T>): Promise<T> {
  const { config, secrets } = readConfig({
    postgresUrl: options.postgresUrl,
    redisUrl: options.redisUrl,
    streamPrefix: options.streamPrefix,
    streamPartitions: options.streamPartitions,
  });
  const pool = openPool(secrets.postgresUrl, {
    applicationName: command,
    max: 1,
    statementTimeoutMs: STATEMENT_MS,
  });
  const producer = openProducer(secrets.redisUrl, { name: command });
  try {
    await producer.whenReady(REDIS_MS);
    const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
    return await look({ pool, redis: producer.redis, streams });
  } finally {
    producer.close();
    await pool.end();
  }
}
