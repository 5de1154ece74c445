// Compares what the services store with what is declared about it.
import { expect, test } from '@jest/globals';
import { createTestDatabase, rowsOf } from '@securechat/testkit';
import { directoryKeys } from '../packages/directory/src/keys.ts';
import { announcers } from '../packages/directory/src/limits-in-force.ts';
import { type Fields, flatten, http, postgres, redis } from '../packages/protocol/src/disclosure/index.ts';
import { streamNames } from '../packages/protocol/src/internal/streams.ts';
import {
  accountRequestFor,
  deviceRequest,
  recoveryRequest,
  revocationRequest,
} from '../services/auth/src/http/schemas.ts';
import { limitWindows } from '../services/auth/src/limits/table.ts';
import { presenceKeys } from '../services/presence/src/status/keys.ts';

type Column = { name: string; column: string };

const undeclared = (found: readonly Column[]): string[] =>
  found
    .filter(({ name, column }) => !(column in (postgres[name]?.columns ?? {})))
    .map(({ name, column }) => `${name}.${column}`);

/** Columns of all tables except the migrations' (which hold file names) and the messages' daily partitions (which equal their parent). */
const columnsOf = (url: string): Promise<Column[]> =>
  rowsOf<Column>(
    url,
    `SELECT n.nspname || '.' || c.relname AS name, a.attname AS column
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema$|securechat_migrations$)'
        AND NOT (c.relispartition AND c.relname ~ '^messages_[0-9]{8}$')`,
  );

test('every column of Postgres is declared, no other is, and one more would be noticed', async () => {
  const database = await createTestDatabase();
  try {
    const found = await columnsOf(database.url);
    expect(undeclared(found)).toEqual([]);
    const declared = Object.entries(postgres).flatMap(([name, { columns }]) =>
      Object.keys(columns).map((column) => `${name}.${column}`),
    );
    expect(declared.sort()).toEqual(found.map(({ name, column }) => `${name}.${column}`).sort());
    await rowsOf(database.url, 'ALTER TABLE delivery.messages ADD COLUMN subject text');
    expect(undeclared(await columnsOf(database.url)).sort()).toEqual([
      'delivery.messages.subject',
      'delivery.messages_default.subject',
    ]);
  } finally {
    await database.drop();
  }
}, 120_000);

test('every key of Redis is declared', () => {
  const streams = streamNames({ prefix: 'sc', partitions: 2 });
  const { routes, fileBudget, messages, groupOperations, groupCommits, conversations, ...shared } =
    directoryKeys('sc', 4);
  const { limits, gateways, revoked } = shared;
  const presence = presenceKeys('sc', 2);
  const keys = [
    ...[...streams.ordered, ...streams.acks, ...streams.sync, ...streams.auth, ...streams.presence],
    ...[...streams.files, ...streams.chunks, streams.bulk('gateway-1'), streams.out('gateway-1')],
    ...[routes, fileBudget, messages, groupOperations, groupCommits, conversations].map((keyOf) => keyOf(7)),
    ...[gateways, revoked, ...announcers.map(limits)],
    ...[
      ...presence.shards.flatMap((shard) => Object.values(shard)),
      presence.watchers(7),
      presence.session(7, 'a_b-c'),
    ],
    ...Object.keys(limitWindows).map((limit) => `sc:{u.3}:${limit}:${limit === 'keysPerPair' ? '7.8' : '7'}`),
  ];
  const kinds = [...redis.values()].map(({ pattern }) => pattern);
  expect(keys.filter((key) => !kinds.some((kind) => kind.test(key)))).toEqual([]);
  expect(kinds.some((kind) => kind.test('sc:{u.3}:subjects:7'))).toBe(false);
});

type Rules = { properties?: Record<string, Rules>; items?: Rules };
const pathsOf = ({ properties, items }: Rules): string[] =>
  Object.entries(properties ?? items?.properties ?? {}).flatMap(([name, rules]) => {
    const below = pathsOf(rules);
    return below.length === 0 ? [name] : below.map((path) => `${name}.${path}`);
  });

test.each([
  ['POST /v1/accounts', [accountRequestFor('invite'), accountRequestFor('jwt')]],
  ['POST /v1/accounts/:user_id/devices', [deviceRequest]],
  ['POST /v1/accounts/:user_id/devices/:device_id/revocation', [revocationRequest]],
  ['POST /v1/accounts/:user_id/recovery', [recoveryRequest]],
] as const)('every field of the body of %s is declared', (route, schemas) => {
  const declared = flatten(http[route] as Fields).map(([path]) => path);
  for (const path of schemas.flatMap((schema) => pathsOf(schema as Rules))) expect(declared).toContain(path);
});
