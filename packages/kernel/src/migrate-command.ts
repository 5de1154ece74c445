import { parseArgs } from 'node:util';
import { runCommand } from './command.ts';
import { readConfig } from './config.ts';
import { type Migrations, migrateToLatest, pendingMigrations } from './migrate.ts';
import { openPool } from './postgres.ts';
import type { postgresOption } from './shared-options.ts';

const CONNECT_MS = 30_000;

/**
 * `node src/migrate.ts`: brings a service's schema up to date. With `--check` it changes nothing and reports what is
 * missing, for which the service's own role is enough. Exit code 0 when nothing is missing (any more).
 */
export async function runMigrate(
  service: string,
  postgresUrl: ReturnType<typeof postgresOption>,
  migrations: Migrations,
): Promise<void> {
  await runCommand('Usage: node src/migrate.ts [--check]', async () => {
    const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
    const { secrets } = readConfig({ postgresUrl });
    const url = secrets.postgresUrl;
    if (!values.check) return void (await migrateToLatest({ url, service, migrations }));
    const pending = await findPending(url, service, migrations);
    if (pending.length > 0) process.exitCode = 1;
    return `${service}: ${pending.length === 0 ? 'all applied' : `not applied: ${pending.join(', ')}`}`;
  });
}

async function findPending(url: string, service: string, migrations: Migrations): Promise<string[]> {
  const pool = openPool(url, {
    applicationName: `${service}-migrate`,
    max: 1,
    connectTimeoutMs: CONNECT_MS,
  });
  try {
    return await pendingMigrations(pool, service, migrations);
  } finally {
    await pool.end();
  }
}
