import { Client, escapeIdentifier } from 'pg';

export type OwnDatabase = { url: string; drop(): Promise<void> };

/** A fresh database on the server of TEST_POSTGRES_URL (`npm test` sets it), for one test file. */
export async function createOwnDatabase(label: string): Promise<OwnDatabase> {
  const maintenanceUrl = process.env.TEST_POSTGRES_URL;
  if (maintenanceUrl === undefined)
    throw new Error('TEST_POSTGRES_URL is not set: run this through npm test');
  const name = `kernel_test_${label}_${process.pid}`;

  async function run(sql: string): Promise<void> {
    const client = new Client(maintenanceUrl);
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  await run(`CREATE DATABASE ${escapeIdentifier(name)}`);
  const url = new URL(maintenanceUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`DROP DATABASE ${escapeIdentifier(name)} WITH (FORCE)`) };
}
