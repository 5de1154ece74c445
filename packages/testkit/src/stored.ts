import { Redis } from 'ioredis';
import { Client, type QueryResultRow } from 'pg';

/** The rows of a query to a test's own Postgres, as its owner: the actual data, bypassing all services. */
export async function rowsOf<R extends QueryResultRow>(
  url: string,
  question: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const client = new Client({ connectionString: url });
  // a server that ends meanwhile is reported by the query
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(question, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The reply to one command to a test's own Redis. */
export async function askRedis(url: string, command: string, ...args: (string | number)[]): Promise<unknown> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined); // the rejected promise tells
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}
