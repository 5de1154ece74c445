import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { sleep } from './clock.ts';
import { createLogger } from './logger.ts';
import { type Migrations, migrateToLatest, pendingMigrations, requireMigrations } from './migrate.ts';
import { openPool } from './postgres.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';

let database: OwnDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createOwnDatabase('migrate');
  pool = openPool(database.url, { applicationName: 'kernel-test', max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const logger = createLogger({ service: 'test', instance: 'test', level: 'silent' });
const lines: string[] = [];
const print = (line: string) => void lines.push(line);

function creating(table: string, seconds = 0): Migrations[string] {
  return {
    up: async (db) => {
      await sql`SELECT pg_sleep(${seconds})`.execute(db);
      await sql`CREATE TABLE ${sql.table(table)} (id int)`.execute(db);
    },
  };
}
const first: Migrations = { '0001_a': creating('a', 0.2) };
const both: Migrations = { ...first, '0002_b': creating('b') };

test('a service refuses to start without its migrations, and says what to run', async () => {
  expect(await pendingMigrations(pool, 'delivery', both)).toEqual(['0001_a', '0002_b']);
  await expect(requireMigrations(pool, 'delivery', both, logger)).rejects.toThrow(
    'The database lacks 2 migration(s) of delivery: 0001_a, 0002_b. Run: node services/delivery/src/migrate.ts',
  );
});

test('several runners at once apply each migration once', async () => {
  const migrate = () => migrateToLatest({ url: database.url, service: 'delivery', migrations: first, print });
  const applied = await Promise.all([migrate(), migrate(), migrate()]);
  expect(applied.flat()).toEqual(['0001_a']);
  expect(lines.filter((line) => line === 'delivery: applied 0001_a')).toHaveLength(1);
});

test('only what is missing is applied, and another service has a list of its own', async () => {
  expect(await pendingMigrations(pool, 'delivery', both)).toEqual(['0002_b']);
  expect(await migrateToLatest({ url: database.url, service: 'delivery', migrations: both, print })).toEqual([
    '0002_b',
  ]);
  await expect(requireMigrations(pool, 'delivery', both, logger)).resolves.toBeUndefined();
  expect(await pendingMigrations(pool, 'auth', both)).toEqual(['0001_a', '0002_b']);
});

test('a failing migration rejects with its error and leaves nothing behind', async () => {
  const failing: Migrations = { ...both, '0003_c': creating('c'), '0004_bad': creating('a') };
  const options = { url: database.url, service: 'delivery', migrations: failing, print };
  await expect(migrateToLatest(options)).rejects.toMatchObject({ code: '42P07' });
  expect(await pendingMigrations(pool, 'delivery', failing)).toEqual(['0003_c', '0004_bad']);
  const { rows } = await pool.query("SELECT to_regclass('c') AS c");
  expect(rows).toEqual([{ c: null }]);
});

test('a migration that waits in a circle with those who use its tables is tried again', async () => {
  const locking: Migrations = {
    ...both,
    '0003_c': {
      up: async (db) => {
        await sql`LOCK TABLE a`.execute(db);
        await sql`LOCK TABLE b`.execute(db);
        await sql`CREATE TABLE c (id int)`.execute(db);
      },
    },
  };
  const other = await pool.connect();
  try {
    await other.query('BEGIN; LOCK TABLE b');
    const migrating = migrateToLatest({ url: database.url, service: 'delivery', migrations: locking, print });
    const waiting = `SELECT FROM pg_locks WHERE relation = 'b'::regclass AND NOT granted`;
    while ((await pool.query(waiting)).rowCount === 0) await sleep(10);
    // the migration has waited for longer, so Postgres picks it as the deadlock victim
    await other.query('LOCK TABLE a');
    await other.query('COMMIT');
    expect(await migrating).toEqual(['0003_c']);
    expect(lines).toContain('delivery: others are at these tables; trying again');
  } finally {
    other.release();
  }
});

test('an older release runs on a newer schema', async () => {
  await expect(requireMigrations(pool, 'delivery', first, logger)).resolves.toBeUndefined();
});
