import { openPool, openProducer, type Producer, type RedisClient, readConfig } from '@securechat/kernel';
import { type StreamNames, streamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { options } from './config.ts';

/** An operator's query may be slow: it probes each day's index for an id, and counts mailboxes. */
const STATEMENT_MS = 60_000;
/** A person is waiting, and a busy server may be slow. */
const CONNECT_MS = 30_000;
const REDIS_MS = 5_000;

export type Stores = {
  pool: Pool;
  streams: StreamNames;
  /** Connects on first use: what needs only Postgres works while Redis is down. */
  redis(): Promise<RedisClient>;
};

/** Postgres and Redis as delivery's options name them, for one command; closed when it is done. */
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
