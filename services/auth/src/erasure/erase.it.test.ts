import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, openPool } from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import type { Pool } from 'pg';
import { eraseJob } from '../jobs/erase.ts';
import { findDueErasures } from '../store/erasure-store.ts';
import { findChanges } from '../store/revocation-store.ts';
import { openTestHttp, type TestHttp } from '../testing/http.ts';
import { createDevice, createPerson, firstList, prove } from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';
import { erase } from './erase.ts';

const ADMIN = 'an admin token of more than 32 characters';
let database: OwnDatabase;
let http: TestHttp;
let redis: TestRedis;
let pool: Pool;

beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url, { adminToken: ADMIN });
  redis = await openTestRedis();
  pool = openPool(database.url, { applicationName: 'erase-test', max: 4 });
});
afterAll(async () => {
  await pool?.end();
  await redis?.close();
  await http?.close();
  await database?.drop();
});

async function admin(method: 'GET' | 'DELETE' | 'POST', path: string) {
  const headers = { authorization: `Bearer ${ADMIN}` };
  const reply = await http.ask({ method, path: `/v1/admin/${path}`, headers });
  return { status: reply.status, body: JSON.parse(reply.text) };
}

/** A user with an account, whose erasure is requested. */
async function askFor() {
  const person = createPerson();
  const device = createDevice();
  const list = firstList(person, device);
  expect((await http.post('/v1/accounts', { list, proof: prove(list, device) })).status).toBe(201);
  const [row] = await database.query<{ device: number }>(
    'SELECT d.id::int AS device FROM auth.devices d JOIN auth.users u ON u.id = d.user_id WHERE u.ext_id = $1',
    [person.id],
  );
  const { body } = await admin('DELETE', `accounts/${person.id}`);
  return { person, device: row?.device ?? 0, erasure: String(body.erasure_id) };
}
const streams = () => streamNames({ prefix: redis.prefix, partitions: 1 });
const run = (id: string) => erase({ pool, redis: redis.redis, streams: streams() }, id);

test('whoever is asked to be erased is cut off at once, and erased by whoever looks next, once', async () => {
  const { person, erasure } = await askFor();
  expect((await admin('GET', `accounts/${person.id}`)).body).toMatchObject({
    state: 'disabled',
    active_devices: 0,
  });
  expect(await findDueErasures(pool, 60_000)).not.toContain(erasure);
  expect(await findDueErasures(pool, 0)).toContain(erasure);
  const [first, second] = await Promise.all([run(erasure), run(erasure)]);
  expect([first, second].filter(Boolean)).toHaveLength(1);
  expect((await admin('GET', `erasures/${erasure}`)).body).toMatchObject({
    state: 'finished',
    removed: { 'auth.users': 1, 'auth.devices': 1, 'auth.device_lists': 1, 'auth.audit_log': 1 },
    waiting: {},
  });
  expect((await admin('GET', `accounts/${person.id}`)).status).toBe(404);
});

test('a device that was erased stays revoked for as long as a ticket of it may be good', async () => {
  const { device, erasure } = await askFor();
  await run(erasure);
  const client = await pool.connect();
  try {
    expect(await findChanges(client, 60)).toContainEqual({ device, isServed: false });
  } finally {
    client.release();
  }
});

test('old questions that name the user are taken out of the streams, and no others; young ones are waited for', async () => {
  const { person, erasure } = await askFor();
  const [stream = ''] = streams().auth;
  const ask = (id: string, name: string) =>
    redis.redis.xadd(stream, id, 'e', JSON.stringify({ user_id: name }));
  await ask('1-1', person.id);
  await ask('1-2', `${person.id}x`);
  const young = await ask('*', person.id);
  expect(await run(erasure)).toBe(false);
  const left = async () => (await redis.redis.xrange(stream, '-', '+')).map(([id]) => id);
  expect(await left()).toEqual(['1-2', young]);
  await redis.redis.xdel(stream, String(young));
  expect(await run(erasure)).toBe(true);
  expect(await left()).toEqual(['1-2']);
});

/** `node src/SCRIPT`, as an operator runs it. */
async function command(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: database.url };
  const path = join(import.meta.dirname, '..', script);
  return (await promisify(execFile)(process.execPath, [path, ...args], { env })).stdout;
}

test('an operator exports and erases by commands, and gets the receipt', async () => {
  const person = createPerson();
  const device = createDevice();
  const list = firstList(person, device);
  await http.post('/v1/accounts', { list, proof: prove(list, device) });
  expect(JSON.parse(await command('export-user.ts', person.id))).toMatchObject({
    auth: { user_id: person.id },
  });
  const told = await command('erase-user.ts', person.id);
  const [, id = ''] = /^erasure +(\S+)$/m.exec(told) ?? [];
  expect(told).toContain('finished  not yet');
  await run(id);
  expect(await command('erase-user.ts', '--receipt', id)).toMatch(
    /finished {2}2\d{3}-.* 1 {2}auth\.users\n/s,
  );
  await expect(command('erase-user.ts', person.id)).rejects.toThrow(`There is no account ${person.id}.`);
  await expect(command('export-user.ts')).rejects.toThrow('Usage');
}, 60_000);

describe('a service that has much of somebody', () => {
  /** Makes each row that it may delete take 10 ms. */
  beforeEach(async () => {
    await database.query(`
      CREATE SCHEMA files;
      CREATE TABLE files.asked (max_rows int);
      CREATE FUNCTION files.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
      LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        PERFORM pg_sleep(max_rows / 100.0);
        INSERT INTO files.asked VALUES (max_rows);
        RETURN jsonb_build_object('removed', jsonb_build_object('files', greatest(0, 3 - (SELECT count(*) FROM files.asked))),
                                  'waiting', jsonb_build_object());
      END $$;
      GRANT USAGE ON SCHEMA files TO PUBLIC;`);
  });
  afterEach(() => database.query('DROP SCHEMA files CASCADE'));

  test('is asked for less at a time when there was no time for so much', async () => {
    const hasty = openPool(database.url, { applicationName: 'erase-test', max: 1, statementTimeoutMs: 500 });
    try {
      const { erasure } = await askFor();
      expect(await erase({ pool: hasty, redis: redis.redis, streams: streams() }, erasure)).toBe(true);
      expect(await database.query('SELECT DISTINCT max_rows FROM files.asked')).toEqual([{ max_rows: 31 }]);
    } finally {
      await hasty.end();
    }
  });
});

test('one erasure that fails does not hold up those behind it', async () => {
  const [first, second] = [await askFor(), await askFor()];
  const holder = await pool.connect();
  const job = eraseJob({
    ...{ pool, redis: redis.redis, streams: streams(), graceMs: 0 },
    logger: createLogger({ service: 'auth', instance: 'test', level: 'silent' }),
  });
  const stateOf = async ({ erasure }: typeof first) => (await admin('GET', `erasures/${erasure}`)).body.state;
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM auth.devices WHERE id = $1 FOR UPDATE', [first.device]);
    await expect(job.run(new AbortController().signal)).rejects.toThrow('1 erasures failed');
    expect(await stateOf(second)).toBe('finished');
    await holder.query('ROLLBACK');
  } finally {
    holder.release();
  }
  await job.run(new AbortController().signal);
  expect(await stateOf(first)).toBe('finished');
});

test('nobody is erased whom nobody has asked to erase', async () => {
  await expect(pool.query('SELECT auth.erase_user(1)')).rejects.toThrow('nobody has asked');
  await expect(database.query('SELECT auth.erase_user(1)', [], 'securechat_delivery')).rejects.toThrow(
    'permission denied',
  );
});
