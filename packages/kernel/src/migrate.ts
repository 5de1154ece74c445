import { type Migration, Migrator } from 'kysely/migration';
import type { Pool } from 'pg';
import { createBackoff } from './backoff.ts';
import { classify, sqlState } from './errors.ts';
import type { Logger } from './logger.ts';
import { kyselyFor, openPool } from './postgres.ts';

/** By name; names sort in the order of application: `0001_users`. Applied ones never change. */
export type Migrations = Record<string, Migration>;

/** A service was started before its migrations. The message says what to run. */
class MigrationsMissingError extends Error {
  override readonly name = 'MigrationsMissingError';
}

/** All services may share a database, so each has its own table here, named after the service. */
const SCHEMA = 'securechat_migrations';
/** A migration waiting for a lock blocks everyone queued behind it: better to fail and retry. */
const LOCK_TIMEOUT_MS = 10_000;
/** deadlock_detected, lock_not_available: other users of the tables won. Nothing is applied then. */
const OTHERS_WENT_FIRST = new Set(['40P01', '55P03']);
const TRIES = 5;

export type MigrateOptions = {
  url: string;
  service: string;
  migrations: Migrations;
  /** Gets one line per applied migration. Standard output unless given. */
  print?: (line: string) => void;
};

/**
 * Applies what is missing, in one transaction; safe to run concurrently (kysely takes an advisory lock). Beside
 * running services it may retry up to five times. Resolves with the names applied; rejects with the error of the
 * migration that failed, and then none is applied.
 */
export async function migrateToLatest(options: MigrateOptions): Promise<string[]> {
  const { url, service, migrations, print = (line) => process.stdout.write(`${line}\n`) } = options;
  const pool = openPool(url, {
    applicationName: `${service}-migrate`,
    max: 1,
    statementTimeoutMs: 0,
    idleInTransactionMs: 0,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  });
  const db = kyselyFor<unknown>(pool);
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
      migrationTableSchema: SCHEMA,
      migrationTableName: service,
      migrationLockTableName: `${service}_lock`,
    });
    const applied = await applyPatiently(migrator, () =>
      print(`${service}: others are at these tables; trying again`),
    );
    for (const name of applied) print(`${service}: applied ${name}`);
    if (applied.length === 0) print(`${service}: nothing to apply`);
    return applied;
  } finally {
    await db.destroy();
  }
}

async function applyPatiently(migrator: Migrator, onRetry: () => void): Promise<string[]> {
  const backoff = createBackoff({ baseMs: 200, capMs: 2_000 });
  for (let left = TRIES - 1; ; left--) {
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map((result) => result.migrationName);
    if (left === 0 || !OTHERS_WENT_FIRST.has(sqlState(error) ?? '')) throw error;
    onRetry();
    await backoff.wait();
  }
}

/** The names not applied yet, in order. Names that only the database knows (a newer release) are ignored. */
export async function pendingMigrations(
  pool: Pool,
  service: string,
  migrations: Migrations,
): Promise<string[]> {
  const applied = await appliedMigrations(pool, service);
  return Object.keys(migrations)
    .filter((name) => !applied.has(name))
    .sort();
}

/**
 * Throws MigrationsMissingError, so that a service refuses to start on a schema older than its code. An unreachable
 * Postgres does not prevent the start: that is logged, and the service waits for it as at any other time.
 */
export async function requireMigrations(
  pool: Pool,
  service: string,
  migrations: Migrations,
  logger: Logger,
): Promise<void> {
  let pending: string[];
  try {
    pending = await pendingMigrations(pool, service, migrations);
  } catch (err) {
    if (classify(err) !== 'retryable') throw err;
    return logger.warn({ err }, 'migrations not checked: Postgres is away');
  }
  if (pending.length === 0) return;
  throw new MigrationsMissingError(
    `The database lacks ${pending.length} migration(s) of ${service}: ${pending.join(', ')}. ` +
      `Run: node services/${service}/src/migrate.ts`,
  );
}

async function appliedMigrations(pool: Pool, service: string): Promise<Set<string>> {
  try {
    const result = await pool.query<{ name: string }>(`SELECT name FROM "${SCHEMA}"."${service}"`);
    return new Set(result.rows.map((row) => row.name));
  } catch (error) {
    // undefined_table, invalid_schema_name: nothing was ever applied
    if (sqlState(error) === '42P01' || sqlState(error) === '3F000') return new Set();
    throw error;
  }
}
