import { afterAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, startOwnPostgres, type TestDatabase, urlForRole } from './postgres.ts';
import { sharedUrl } from './redis.ts';
import type { OwnServer } from './servers/own-server.ts';

const databases: TestDatabase[] = [];
let server: OwnServer | undefined;
afterAll(async () => {
  for (const database of databases) await database.drop();
  await server?.stop();
});

async function testDatabase(schema?: 'empty'): Promise<TestDatabase> {
  const database = await createTestDatabase(schema);
  databases.push(database);
  return database;
}

async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const migrations =
  'SELECT name FROM securechat_migrations.auth UNION SELECT name FROM securechat_migrations.delivery';

test('two files that begin at once get databases of their own, with the tables of all services', async () => {
  const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
  expect(one.name).not.toBe(other.name);
  await query(one.url, 'CREATE TABLE only_here (id int)');
  expect(await query(other.url, `SELECT to_regclass('only_here') AS found`)).toEqual([{ found: null }]);
  expect((await query(one.url, migrations)).length).toBeGreaterThan(1);
});

test('an empty database has nothing in it', async () => {
  const database = await testDatabase('empty');
  await expect(query(database.url, migrations)).rejects.toThrow('does not exist');
});

test('a dropped database is gone, even from under an open connection', async () => {
  const database = await createTestDatabase('empty');
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await database.drop();
  const left = `SELECT 1 FROM pg_database WHERE datname = '${database.name}'`;
  expect(await query(sharedUrl('TEST_POSTGRES_URL'), left)).toEqual([]);
  await client.end();
});

test('a service may log in as its own role where the server trusts the loopback', async () => {
  const database = await testDatabase();
  const url = await urlForRole(database.url, 'securechat_auth');
  if (url === undefined) return; // a given server with passwords
  expect(await query(url, 'SELECT current_user::text AS me')).toEqual([{ me: 'securechat_auth' }]);
  expect(await urlForRole(database.url, 'nobody_knows_this_role')).toBeUndefined();
});

test('an own Postgres keeps what was committed, through an immediate stop and through a kill', async () => {
  server = await startOwnPostgres();
  await query(server.url, 'CREATE TABLE notes (id int)');
  for (const [index, signal] of (['SIGQUIT', 'SIGKILL'] as const).entries()) {
    await query(server.url, `INSERT INTO notes VALUES (${index})`);
    await server.end(signal);
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow();
    await server.start();
  }
  expect(await query(server.url, 'SELECT id FROM notes ORDER BY id')).toEqual([{ id: 0 }, { id: 1 }]);
});
