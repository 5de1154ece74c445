import { Client } from 'pg';
import type { GuardedProcess } from './guarded-process.ts';

/** Long, because after a crash Postgres replays its log before it answers. */
const START_DEADLINE_MS = 60_000;
const POLL_MS = 25;

/** True when it answers; false when it ended first. */
export async function waitForPostgres(
  server: GuardedProcess,
  port: number,
  cluster: string,
): Promise<boolean> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (server.isRunning()) {
    const found = await dataFolderAt(port);
    // another Postgres may have taken the port while ours was starting
    if (found === cluster) return true;
    if (Date.now() > deadline) {
      await server.stop('SIGQUIT');
      throw new Error(`Postgres on port ${port} did not answer within ${START_DEADLINE_MS / 1000} s.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

export async function ensureDatabase(port: number, database: string): Promise<void> {
  const client = await connect(port);
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/** Undefined while nobody answers. */
async function dataFolderAt(port: number): Promise<string | undefined> {
  try {
    const client = await connect(port);
    const { rows } = await client.query<{ folder: string }>(
      `select current_setting('data_directory') as folder`,
    );
    await client.end();
    return rows[0]?.folder;
  } catch {
    return undefined;
  }
}

async function connect(port: number): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  // a server that ends while we are connected is reported by the query, not as an unhandled event
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
