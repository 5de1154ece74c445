import { openPool, openProducer, type Producer, type RedisClient, readConfig } from '@securechat/kernel';
import { type StreamNames, streamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { options } from './config.ts';

/** What an operator asks may take a while: an id is looked for in the index of each day, mailboxes are counted. */
const STATEMENT_MS = 60_000;
/** A person waits here, and a busy server may take a while. */
const CONNECT_MS = 30_000;
const REDIS_MS = 5_000;

export type Stores = {
  pool: Pool;
  streams: StreamNames;
  /** Connects when it is first asked for: what needs Postgres alone works while Redis is away. */
  redis(): Promise<RedisClient>;
};

/** Postgres and Redis as the options of delivery name them, for a command; closed when it has done its work. */
export async function withStores<T>(command: string, work: (stores: Stores) => Promise<T>): Promise<T> {
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
    connectTimeoutMs: CONNECT_MS,
  });
  let producer: Producer | undefined;

  async function redis(): Promise<RedisClient> {
    producer ??= openProducer(secrets.redisUrl, { name: command });
    await producer.whenReady(REDIS_MS);
    return producer.redis;
  }

  try {
    const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
    return await work({ pool, streams, redis });
  } finally {
    producer?.close();
    await pool.end();
  }
}
