import {
  type Clock,
  type Finding,
  judgeClock,
  pendingMigrations,
  sqlState,
  withTransaction,
} from '@securechat/kernel';
import type { Pool } from 'pg';
import { migrations } from '../migrations/index.ts';

export type PostgresFacts = {
  version: number;
  fsync: string;
  fullPageWrites: string;
  synchronousCommit: string;
  /** Auth's unapplied migrations. */
  pending: string[];
  /** Schemas that services need and that are missing. */
  missing: string[];
  /** Schemas of an older release than auth, which lack what auth uses. */
  old: string[];
  isStandby: boolean;
  /** The error for a few megabytes that do not fit on its disk. */
  noRoom: string | undefined;
};

const LEAST_VERSION = 150_000;
const SCHEMAS = ['auth', 'delivery', 'presence', 'files', 'push'];

export async function lookAtPostgres(pool: Pool, clock: Clock): Promise<Finding[]> {
  const askedMs = clock.now();
  const { rows } = await pool.query<Omit<PostgresFacts, 'pending' | 'noRoom'> & { nowMs: number }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS "fullPageWrites",
            current_setting('synchronous_commit') AS "synchronousCommit",
            ARRAY(SELECT s FROM unnest($1::text[]) s WHERE to_regnamespace(s) IS NULL) AS missing,
            ARRAY(SELECT s FROM unnest($1::text[]) s WHERE to_regnamespace(s) IS NOT NULL AND NOT EXISTS (
                  SELECT FROM pg_proc WHERE pronamespace = to_regnamespace(s) AND proname = 'erase_user')) AS old,
            pg_is_in_recovery() AS "isStandby", floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "nowMs"`,
    [SCHEMAS],
  );
  const [row] = rows;
  if (!row) throw new TypeError('Postgres gave no row');
  const answeredMs = clock.now();
  const pending = await pendingMigrations(pool, 'auth', migrations);
  const noRoom = await findNoRoom(pool);
  return [
    ...judgePostgres({ ...row, pending, noRoom }),
    judgeClock('Postgres', row.nowMs - (askedMs + answeredMs) / 2),
  ];
}

/**
 * Sorts 5 MB in 64 KiB of work_mem, which spills to a file beside the tables. Nothing else writes without leaving a
 * trace: on a full disk tables can still be read, and small transactions fit into existing WAL files.
 */
export async function findNoRoom(pool: Pool): Promise<string | undefined> {
  try {
    await withTransaction(pool, async (client) => {
      await client.query(`SET LOCAL work_mem = '64kB'`);
      await client.query(
        `SELECT count(*) FROM (SELECT repeat(md5(n::text), 8) AS text FROM generate_series(1, 20000) n ORDER BY text OFFSET 0) sorted`,
      );
    });
    return undefined;
  } catch (error) {
    // class 53: insufficient resources
    if (sqlState(error)?.startsWith('53')) return (error as Error).message;
    throw error;
  }
}

/** Every acknowledgement to a sender promises that its message is on disk. */
export function judgePostgres(facts: PostgresFacts): Finding[] {
  const durable = (name: string, value: string, isSound: boolean): Finding => ({
    about: 'Postgres',
    says: `${name} = ${value}`,
    ...(!isSound && {
      remedy: `Set ${name} = on: without it a crash loses messages that were acknowledged.`,
    }),
  });
  const version = Math.floor(facts.version / 10_000);
  return [
    {
      about: 'Postgres',
      says: `version ${version}`,
      ...(facts.version < LEAST_VERSION && { remedy: 'Move to PostgreSQL 15 or later.' }),
    },
    {
      about: 'Postgres',
      says: facts.isStandby ? 'is a standby' : 'takes writes',
      ...(facts.isStandby && { remedy: 'Name the primary in POSTGRES_URL, or an address that follows it.' }),
    },
    ...(facts.noRoom === undefined
      ? []
      : [
          {
            about: 'Postgres',
            says: `has no room: ${facts.noRoom}`,
            remedy: 'Make room on its disk, or give it a larger one; nothing is stored meanwhile.',
          },
        ]),
    durable('fsync', facts.fsync, facts.fsync === 'on'),
    durable('full_page_writes', facts.fullPageWrites, facts.fullPageWrites === 'on'),
    durable('synchronous_commit', facts.synchronousCommit, facts.synchronousCommit !== 'off'),
    {
      about: 'migrations of auth',
      says: facts.pending.length === 0 ? 'all applied' : `not applied: ${facts.pending.join(', ')}`,
      ...(facts.pending.length > 0 && { remedy: 'Run: node services/auth/src/migrate.ts' }),
    },
    {
      about: 'schemas',
      says: facts.missing.length === 0 ? 'all there' : `not there: ${facts.missing.join(', ')}`,
      ...(facts.missing.length > 0 && { remedy: migrationsOf(facts.missing) }),
    },
    {
      about: 'schemas of other services',
      says: facts.old.length === 0 ? 'as new as auth' : `older than auth: ${facts.old.join(', ')}`,
      ...(facts.old.length > 0 && { remedy: `Users cannot be erased. ${migrationsOf(facts.old)}` }),
    },
  ];
}

const migrationsOf = (services: readonly string[]): string =>
  `Run: ${services.map((name) => `node services/${name}/src/migrate.ts`).join(', ')}`;
