import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrateToLatest, sqlState } from '@securechat/kernel';
import { Client } from 'pg';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';
import { grantRoles } from './0002_roles.ts';
import { migrations } from './index.ts';

let database: OwnDatabase;

beforeAll(async () => {
  database = await createOwnDatabase();
});
afterAll(() => database?.drop());

/** The SQLSTATE with which a role is refused a statement, or 'done'. */
async function tryAs(role: string, sql: string): Promise<string | undefined> {
  try {
    await database.query(sql, [], role);
    return 'done';
  } catch (error) {
    return sqlState(error);
  }
}
const INSUFFICIENT_PRIVILEGE = '42501';

describe('securechat_auth', () => {
  test('reads, inserts and updates its tables', async () => {
    const key = `decode(repeat('ab', 32), 'hex')`;
    for (const sql of [
      `INSERT INTO auth.users (ext_id, account_key) VALUES ('alice', ${key})`,
      `INSERT INTO auth.devices (user_id, ext_id, public_key) SELECT id, 'phone', ${key} FROM auth.users`,
      `INSERT INTO auth.device_lists (user_id, version, list, sha256) SELECT id, 1, '{}', ${key} FROM auth.users`,
      `UPDATE auth.users SET state = 'disabled'`,
      'UPDATE auth.devices SET revoked_at = now()',
      'SELECT * FROM auth.users, auth.devices, auth.device_lists',
      'SELECT name FROM securechat_migrations.auth',
      `INSERT INTO auth.invites (code_sha256, expires_at) VALUES (${key}, now())`,
      'UPDATE auth.invites SET used_at = now(), used_by = id FROM auth.users',
      'SELECT * FROM auth.invites',
      `INSERT INTO auth.audit_log (action, user_id) SELECT 'disable_account', id FROM auth.users`,
      'SELECT upload_no FROM auth.key_packages FOR UPDATE',
      'DELETE FROM auth.key_packages',
      'DELETE FROM auth.used_key_packages',
      'DELETE FROM auth.key_claims',
      `INSERT INTO auth.api_keys (id, name, key_sha256, scopes) VALUES ('k', 'backend', ${key}, '{}')`,
      'UPDATE auth.api_keys SET revoked_at = now()',
      'DELETE FROM auth.api_requests',
    ]) {
      expect({ sql, outcome: await tryAs('securechat_auth', sql) }).toEqual({ sql, outcome: 'done' });
    }
  });

  test('deletes nothing but keys and claims, changes no table and makes none', async () => {
    for (const sql of [
      'DELETE FROM auth.users',
      'DELETE FROM auth.devices',
      'DELETE FROM auth.device_lists',
      'DELETE FROM auth.invites',
      'DELETE FROM auth.audit_log',
      'SELECT * FROM auth.audit_log',
      `UPDATE auth.audit_log SET action = 'enable_account'`,
      `UPDATE auth.api_keys SET scopes = '{accounts:write}'`,
      'DELETE FROM auth.api_keys',
      'TRUNCATE auth.device_lists',
      `UPDATE auth.key_packages SET bytes = ''`,
      'UPDATE auth.used_key_packages SET expires_at = now()',
      'UPDATE auth.key_claims SET at = now()',
      'ALTER TABLE auth.users ADD COLUMN more text',
      'DROP TABLE auth.device_lists',
      'CREATE TABLE auth.more (id int)',
      'CREATE SCHEMA more',
      'CREATE ROLE more',
      'GRANT SELECT ON auth.devices TO securechat_delivery',
      `UPDATE securechat_migrations.auth SET name = ''`,
    ]) {
      const outcome = await tryAs('securechat_auth', sql);
      // a GRANT without the right to it is only a warning
      if (sql.startsWith('GRANT'))
        expect(await tryAs('securechat_delivery', 'SELECT * FROM auth.devices')).toBe('42501');
      else expect({ sql, outcome }).toEqual({ sql, outcome: INSUFFICIENT_PRIVILEGE });
    }
  });
});

describe('securechat_delivery', () => {
  test('sees who exists and what is revoked', async () => {
    for (const sql of [
      'SELECT id, ext_id, state FROM auth.users',
      'SELECT id, user_id, ext_id, revoked_at FROM auth.devices',
    ]) {
      expect(await tryAs('securechat_delivery', sql)).toBe('done');
    }
  });

  test('sees no key and no list, and writes nothing', async () => {
    for (const sql of [
      'SELECT public_key FROM auth.devices',
      'SELECT account_key FROM auth.users',
      'SELECT * FROM auth.users',
      'SELECT list FROM auth.device_lists',
      'SELECT FROM auth.key_packages',
      'SELECT FROM auth.key_claims',
      `INSERT INTO auth.users (ext_id, account_key) VALUES ('x', '')`,
      `UPDATE auth.users SET state = 'active'`,
      'UPDATE auth.devices SET revoked_at = NULL',
      'SELECT * FROM auth.invites',
      'SELECT * FROM auth.audit_log',
      'SELECT * FROM auth.api_keys',
      'DELETE FROM auth.devices',
      'SELECT id FROM auth.users FOR UPDATE',
    ]) {
      expect({ sql, outcome: await tryAs('securechat_delivery', sql) }).toEqual({
        sql,
        outcome: INSUFFICIENT_PRIVILEGE,
      });
    }
  });
});

test('nobody else sees the tables', async () => {
  const rows = await database.query<{ grantee: string }>(
    `SELECT DISTINCT grantee FROM information_schema.column_privileges WHERE table_schema = 'auth'
       AND grantee <> (SELECT tableowner FROM pg_tables WHERE schemaname = 'auth' LIMIT 1) ORDER BY 1`,
  );
  expect(rows.map(({ grantee }) => grantee)).toEqual(['securechat_auth', 'securechat_delivery']);
});

test('the tables keep what the code promises, whatever the code does', async () => {
  const insert = (values: string) =>
    tryAs('securechat_auth', `INSERT INTO auth.users (ext_id, account_key, state) VALUES ${values}`);
  expect(await insert(`('short', '\\x00', 'active')`)).toBe('23514');
  expect(await insert(`('odd', decode(repeat('cd', 32), 'hex'), 'odd')`)).toBe('23514');
  expect(await insert(`('alice', decode(repeat('ef', 32), 'hex'), 'active')`)).toBe('23505');
});

test('whoever changes the state of an account, also by hand, leaves when', async () => {
  const changedAt = async () =>
    (
      await database.query<{ at: Date | null }>(
        `SELECT state_changed_at AS at FROM auth.users WHERE ext_id = 'zoe'`,
      )
    )[0]?.at;
  await tryAs(
    'securechat_auth',
    `INSERT INTO auth.users (ext_id, account_key) VALUES ('zoe', decode(repeat('0e', 32), 'hex'))`,
  );
  await tryAs('securechat_auth', `UPDATE auth.users SET state = 'active' WHERE ext_id = 'zoe'`);
  expect(await changedAt()).toBeNull();
  await tryAs('securechat_auth', `UPDATE auth.users SET state = 'disabled' WHERE ext_id = 'zoe'`);
  expect(await changedAt()).toBeInstanceOf(Date);
});

test('a second run applies nothing', async () => {
  const lines: string[] = [];
  const url = new URL(database.url);
  url.searchParams.set('options', '-c role=none');
  const applied = await migrateToLatest({
    url: url.href,
    service: 'auth',
    migrations,
    print: (line) => lines.push(line),
  });
  expect(applied).toEqual([]);
  expect(lines).toEqual(['auth: nothing to apply']);
});

describe('roles, which belong to the whole cluster', () => {
  // others on this server use the real roles, so this test uses names of its own
  const suffix = randomBytes(4).toString('hex');
  const names = { auth: `securechat_auth_${suffix}`, delivery: `securechat_delivery_${suffix}` };
  const databases = Array.from({ length: 3 }, () => `auth_test_${randomBytes(6).toString('hex')}`);
  const serverUrl = process.env.TEST_POSTGRES_URL ?? '';
  const server = new Client({ connectionString: serverUrl });

  beforeAll(async () => {
    await server.connect();
    for (const name of databases) await server.query(`CREATE DATABASE ${name}`);
  });
  afterAll(async () => {
    for (const name of databases) await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    for (const role of Object.values(names)) await server.query(`DROP ROLE IF EXISTS ${role}`);
    await server.end();
  });

  function migrate(name: string): Promise<string[]> {
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    const renamed = { ...migrations, '0002_roles': grantRoles(names) };
    return migrateToLatest({ url: url.href, service: 'auth', migrations: renamed, print: () => {} });
  }

  async function waitsForLock(name: string): Promise<void> {
    for (;;) {
      const { rowCount } = await server.query(
        `SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`,
        [name],
      );
      if (rowCount === 1) return;
    }
  }

  test('somebody else makes one between our look and our CREATE ROLE', async () => {
    const [name = ''] = databases;
    const other = new Client({ connectionString: serverUrl });
    await other.connect();
    try {
      await other.query(`BEGIN; CREATE ROLE ${names.auth} LOGIN`);
      const migrating = migrate(name);
      await waitsForLock(name);
      await other.query('COMMIT');
      expect(await migrating).toEqual(Object.keys(migrations));
    } finally {
      await other.end();
    }
  });

  test('several databases are migrated at the same moment, with the same roles', async () => {
    await Promise.all(databases.slice(1).map(migrate));
    const { rows } = await server.query(
      'SELECT rolname, rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = ANY ($1) ORDER BY 1',
      [Object.values(names)],
    );
    const rights = { rolcanlogin: true, rolsuper: false, rolcreaterole: false };
    expect(rows).toEqual([
      { rolname: names.auth, ...rights },
      { rolname: names.delivery, ...rights },
    ]);
  });
});
