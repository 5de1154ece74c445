// The services' roles may do in Postgres exactly what is declared.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, rowsOf, type TestDatabase } from '@securechat/testkit';
import { openPool, sqlState } from '../packages/kernel/src/index.ts';
import { access, calls } from '../packages/protocol/src/disclosure/index.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
}, 120_000);
afterAll(() => database?.drop());

type Relation = { name: string; isView: boolean; column: string };
/** Tables and views, each with a column that a permitted role may write. */
const relations = (): Promise<Relation[]> =>
  rowsOf<Relation>(
    database.url,
    `SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'v' AS "isView",
            (SELECT quote_ident(attname) FROM pg_attribute
              WHERE attrelid = c.oid AND attnum > 0 AND attidentity = '' LIMIT 1) AS column
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^(pg_|information_schema$)'`,
  );

/** Grants to this role, or to everybody: for whole tables the privilege, for columns the privilege and their names. */
const grantedTo = (role: string) =>
  rowsOf<{ name: string; granted: string[] }>(
    database.url,
    `WITH relation AS (
       SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relacl
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^(pg_|information_schema$)'),
     granted AS (
       SELECT name, p.privilege_type AS what FROM relation, aclexplode(relacl) p
        WHERE p.grantee IN (0, $1::regrole)
       UNION
       SELECT name, p.privilege_type || ' (' || string_agg(attname, ', ' ORDER BY attname) || ')'
         FROM relation JOIN pg_attribute a ON a.attrelid = relation.oid, aclexplode(a.attacl) p
        WHERE p.grantee IN (0, $1::regrole) GROUP BY name, p.privilege_type)
     SELECT name, array_agg(what ORDER BY what) AS granted FROM granted GROUP BY name ORDER BY name`,
    [role],
  );

test.each(Object.keys(access))('%s was granted what is declared and nothing more', async (role) => {
  const granted = Object.fromEntries((await grantedTo(role)).map((row) => [row.name, row.granted]));
  expect(granted).toEqual(access[role]);
});

test.each(Object.keys(access))('%s may call what is declared and nothing more', async (role) => {
  const callable = await rowsOf<{ name: string }>(
    database.url,
    // what returns a trigger can be called by nobody
    `SELECT DISTINCT n.nspname || '.' || p.proname AS name
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname !~ '^(pg_|information_schema$)' AND p.prorettype <> 'trigger'::regtype
        AND has_function_privilege($1, p.oid, 'EXECUTE') ORDER BY name`,
    [role],
  );
  expect(callable.map(({ name }) => name)).toEqual(calls[role]);
});

test('no other role was granted anything', async () => {
  const grantees = await rowsOf<{ name: string }>(
    database.url,
    `SELECT DISTINCT grant_.grantee::regrole::text AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_attribute a ON a.attrelid = c.oid,
            LATERAL (SELECT * FROM aclexplode(c.relacl) UNION SELECT * FROM aclexplode(a.attacl)) grant_
      WHERE n.nspname !~ '^(pg_|information_schema$)' AND grant_.grantee <> c.relowner ORDER BY name`,
  );
  expect(grantees.map(({ name }) => name)).toEqual(Object.keys(access).toSorted());
});

const statements: Readonly<Record<string, (of: Relation) => string>> = {
  SELECT: ({ name, column }) => `SELECT ${column} FROM ${name} LIMIT 0`,
  INSERT: ({ name }) => `INSERT INTO ${name} DEFAULT VALUES`,
  UPDATE: ({ name, column }) => `UPDATE ${name} SET ${column} = NULL WHERE false`,
  DELETE: ({ name }) => `DELETE FROM ${name} WHERE false`,
  TRUNCATE: ({ name }) => `TRUNCATE ${name}`,
  RENAME: ({ name }) => `ALTER TABLE ${name} RENAME TO taken`,
};
const services = ['auth', 'delivery', 'presence', 'push', 'files'];
/** Privileges of views too; the others would be of no use on them. */
const OF_VIEWS = ['SELECT', 'RENAME'];
const INSUFFICIENT_PRIVILEGE = '42501';

test.each(Object.keys(access))('whatever else %s tries is refused', async (role) => {
  const pool = openPool(database.url, { applicationName: 'test', max: 1 });
  // a pool would close the connection after a refusal, and lose the role with it
  const client = await pool.connect();
  try {
    await client.query(`SET ROLE ${role}`);
    const outcomes: string[] = [];
    let tried = 0;
    for (const relation of await relations()) {
      for (const [verb, statement] of Object.entries(statements)) {
        const granted = access[role]?.[relation.name] ?? [];
        if (granted.some((privilege) => privilege.startsWith(verb))) continue;
        if (relation.isView && !OF_VIEWS.includes(verb)) continue;
        tried++;
        const outcome = await client.query(statement(relation)).then(() => 'done', sqlState);
        if (outcome !== INSUFFICIENT_PRIVILEGE) outcomes.push(`${statement(relation)}: ${outcome}`);
      }
    }
    expect(outcomes).toEqual([]);
    expect(tried).toBeGreaterThan(100);
    const inSchemas = ['public', ...services].map((schema) => `CREATE TABLE ${schema}.theirs (id int)`);
    for (const beyond of [...inSchemas, 'CREATE SCHEMA theirs', `COPY (SELECT 1) TO '/tmp/theirs'`])
      await expect(client.query(beyond)).rejects.toThrow(/permission denied|must be/);
  } finally {
    client.release();
    await pool.end();
  }
});
