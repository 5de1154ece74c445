import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool, sqlState } from '@securechat/kernel';
import { createTestDatabase, type TestDatabase } from '@securechat/testkit';
import type { Pool } from 'pg';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, { applicationName: 'test', max: 1 });
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const INSUFFICIENT_PRIVILEGE = '42501';

/** The SQLSTATE with which this service's role is refused a statement, or 'done'. */
async function tryIt(sql: string): Promise<string | undefined> {
  await pool.query('SET ROLE securechat_files');
  try {
    await pool.query(sql);
    return 'done';
  } catch (error) {
    return sqlState(error);
  } finally {
    await pool.query('RESET ROLE');
  }
}

test('the role may do what the service does', async () => {
  for (const sql of [
    'SELECT * FROM files.members',
    'SELECT * FROM files.served_devices',
    'SELECT * FROM files.storage FOR UPDATE',
    'DELETE FROM files.files',
    'DELETE FROM files.chunks',
    'DELETE FROM files.blobs',
    'DELETE FROM files.token_keys',
    'SELECT name FROM securechat_migrations.files',
  ]) {
    expect({ sql, outcome: await tryIt(sql) }).toEqual({ sql, outcome: 'done' });
  }
});

test('it sees no message, no key and nobody’s blocks, and changes nothing of others', async () => {
  for (const sql of [
    'SELECT FROM delivery.messages',
    'SELECT FROM delivery.mailbox',
    'SELECT FROM delivery.conv_members',
    'SELECT FROM delivery.conversations',
    'SELECT FROM delivery.blocks',
    'SELECT FROM auth.users',
    'SELECT FROM auth.devices',
    'SELECT FROM auth.key_packages',
    'SELECT FROM auth.device_lists',
    'DELETE FROM files.storage',
    'SELECT files.set_quota(1, 1)',
    'SELECT files.most_stored(1)',
    `UPDATE files.blobs SET bytes = ''`,
    `UPDATE files.chunks SET len = 1`,
    `UPDATE files.token_keys SET key = ''`,
    'CREATE TABLE files.more (id int)',
    'DROP TABLE files.blobs',
  ]) {
    expect({ sql, outcome: await tryIt(sql) }).toEqual({ sql, outcome: INSUFFICIENT_PRIVILEGE });
  }
});

test('nobody else sees the tables', async () => {
  const { rows } = await pool.query<{ grantee: string }>(
    `SELECT DISTINCT grantee FROM information_schema.column_privileges WHERE table_schema = 'files'
       AND grantee <> (SELECT tableowner FROM pg_tables WHERE schemaname = 'files' LIMIT 1)`,
  );
  expect(rows.map(({ grantee }) => grantee)).toEqual(['securechat_files']);
});
