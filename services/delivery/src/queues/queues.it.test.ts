import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { streamNames } from '@securechat/protocol/internal';
import {
  createTestDatabase,
  openTestRedis,
  rowsOf,
  type TestDatabase,
  type TestRedis,
  urlForRole,
} from '@securechat/testkit';

let database: TestDatabase;
let redis: TestRedis;
beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
}, 120_000);
afterAll(() => Promise.all([database?.drop(), redis?.close()]));

/** `node src/queues.ts`, as an operator runs it, with the rights of the service. */
async function queues(): Promise<string> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    POSTGRES_URL: (await urlForRole(database.url, 'securechat_delivery')) ?? database.url,
    REDIS_URL: redis.url,
    STREAM_PREFIX: redis.prefix,
    STREAM_PARTITIONS: '2',
  };
  const script = join(import.meta.dirname, '../queues.ts');
  return (await promisify(execFile)(process.execPath, [script], { env })).stdout;
}

test('what waits in streams and tables is told with its age', async () => {
  const { ordered } = streamNames({ prefix: redis.prefix, partitions: 2 });
  const [first = '', second = ''] = ordered;
  const hourAgo = `${Date.now() - 3_600_000}-0`;
  await redis.redis.xadd(first, hourAgo, 'e', 'x');
  await redis.redis.xadd(first, '*', 'e', 'x');
  await rowsOf(
    database.url,
    `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day)
       SELECT 1, n, 1, n, current_date - 2 FROM generate_series(1, 3) n`,
  );
  const told = await queues();
  const lineOf = (name: string) => told.split('\n').find((line) => line.startsWith(`${name} `));
  expect(lineOf(first)).toMatch(/ 2 {2}60 min$/);
  expect(lineOf(second)).toMatch(/ 0$/);
  expect(lineOf('mailboxes of devices')).toMatch(/ 3 {2}\d\d h$/);
  expect(lineOf('fan-out of large groups')).toMatch(/ 0$/);
}, 60_000);
