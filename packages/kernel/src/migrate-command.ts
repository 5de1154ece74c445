import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from './config.ts';
import { type Migrations, migrateToLatest, pendingMigrations } from './migrate.ts';
import { openPool } from './postgres.ts';
import type { postgresOption } from './shared-options.ts';

const CONNECT_MS = 30_000;

/**
 * `node src/migrate.ts`: brings the schema of a service up to date. With `--check` it changes nothing and says what is missing, for which the
 * service's own role is enough. Exit code 0 when nothing is missing (any more).
 */
export async function runMigrate(
  service: string,
  postgresUrl: ReturnType<typeof postgresOption>,
  migrations: Migrations,
): Promise<void> {
  try {
    const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
    const { secrets } = readConfig({ postgresUrl });
    if (!values.check) return void (await migrateToLatest({ url: secrets.postgresUrl, service, migrations }));
    const pending = await findPending(secrets.postgresUrl, service, migrations);
    process.stdout.write(
      `${service}: ${pending.length === 0 ? 'all applied' : `not applied: ${pending.join(', ')}`}\n`,
    );
    process.exitCode = pending.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')))
      throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
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
