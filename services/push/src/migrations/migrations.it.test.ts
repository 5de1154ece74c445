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
  await pool.query('SET ROLE securechat_push');
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
    'SELECT * FROM push.mailboxes',
    'SELECT * FROM push.waiting',
    'SELECT * FROM push.devices',
    'DELETE FROM push.subscriptions',
    'UPDATE push.subscriptions SET failures = 0',
    'SELECT name FROM securechat_migrations.push',
  ]) {
    expect({ sql, outcome: await tryIt(sql) }).toEqual({ sql, outcome: 'done' });
  }
});

test('it sees no message, no conversation and no key, and changes nothing of others', async () => {
  for (const sql of [
    'SELECT FROM delivery.messages',
    'SELECT FROM delivery.mailbox',
    'SELECT FROM delivery.device_queue',
    'SELECT FROM delivery.conversations',
    'SELECT FROM auth.users',
    'SELECT FROM auth.devices',
    'SELECT FROM auth.key_packages',
    'CREATE TABLE push.more (id int)',
    'DROP TABLE push.subscriptions',
  ]) {
    expect({ sql, outcome: await tryIt(sql) }).toEqual({ sql, outcome: INSUFFICIENT_PRIVILEGE });
  }
});

test('nobody else sees the tables', async () => {
  const { rows } = await pool.query<{ grantee: string }>(
    `SELECT DISTINCT grantee FROM information_schema.column_privileges WHERE table_schema = 'push'
       AND grantee <> (SELECT tableowner FROM pg_tables WHERE schemaname = 'push' LIMIT 1)`,
  );
  expect(rows.map(({ grantee }) => grantee)).toEqual(['securechat_push']);
});
