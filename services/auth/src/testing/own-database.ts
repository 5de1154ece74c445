import { randomBytes } from 'node:crypto';
import { migrateToLatest } from '@securechat/kernel';
import { Client } from 'pg';
import { migrations } from '../migrations/index.ts';

export type OwnDatabase = {
  /** For the service: with the rights of `securechat_auth`, whoever connects. */
  url: string;
  /** One statement, run as the owner or as `role`. */
  query<Row>(sql: string, values?: unknown[], role?: string): Promise<Row[]>;
  drop(): Promise<void>;
};

/**
 * A fresh database on the server of TEST_POSTGRES_URL (`npm test` sets it), for one test file; with its tables unless
 * `empty`.
 */
export async function createOwnDatabase(schema: 'migrated' | 'empty' = 'migrated'): Promise<OwnDatabase> {
  const serverUrl = process.env.TEST_POSTGRES_URL;
  if (serverUrl === undefined) throw new Error('TEST_POSTGRES_URL is not set: run this through npm test');
  const name = `auth_test_${randomBytes(6).toString('hex')}`;
  await runOn(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));

  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  if (schema === 'migrated')
    await migrateToLatest({ url: url.href, service: 'auth', migrations, print: () => {} });
  // every session starts with this role, which needs no password
  if (schema === 'migrated')
    await runOn(serverUrl, (client) => client.query(`ALTER DATABASE ${name} SET role TO securechat_auth`));

  return {
    url: url.href,
    query: (sql, values = [], role = 'NONE') =>
      runOn(url.href, async (client) => {
        await client.query(`SET ROLE ${role}`);
        return (await client.query(sql, values)).rows;
      }),
    drop: async () => {
      await runOn(serverUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function runOn<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
