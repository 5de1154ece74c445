import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool } from '@securechat/kernel';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { createApiKey, hashOfKey } from '../../admin/callers.ts';
import type { Scope } from '../../admin/scopes.ts';
import { insertApiKey } from '../../store/api-key-store.ts';
import { openTestHttp, type TestHttp } from '../../testing/http.ts';
import { createDevice, createPerson, firstList, prove } from '../../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';

const ADMIN = 'an admin token of more than 32 characters';
let database: OwnDatabase;
let store: TestRedis;
let http: TestHttp;

beforeAll(async () => {
  database = await createOwnDatabase();
  store = await openTestRedis();
  http = openTestHttp(database.url, { adminToken: ADMIN, store });
});
afterAll(async () => {
  await http?.close();
  await store?.close();
  await database?.drop();
});

async function get(path: string, bearer = ADMIN) {
  const headers = { authorization: `Bearer ${bearer}` };
  const { status, text } = await http.ask({ method: 'GET', path: `/v1/admin/${path}`, headers });
  return { status, body: JSON.parse(text) };
}
const post = (path: string, body: object, bearer = ADMIN) =>
  http.post(`/v1/admin/${path}`, body, { bearer, address: '10.4.0.1' });

async function keyWith(...scopes: Scope[]): Promise<string> {
  const { id, key } = createApiKey();
  const pool = openPool(database.url, { applicationName: 'test-keys', max: 1 });
  await insertApiKey(pool, { id, name: 'backend', scopes, sha256: hashOfKey(key), validDays: undefined });
  await pool.end();
  return key;
}

test('where auth runs alone its own limits are told, and who is silent', async () => {
  const person = createPerson();
  const device = createDevice();
  const list = firstList(person, device);
  expect((await http.post('/v1/accounts', { list, proof: prove(list, device) })).status).toBe(201);
  const limit = {
    name: 'key_requests',
    service: 'auth',
    most: 60,
    unit: 'count',
    per: 'user',
    window_seconds: 60,
    option: 'AUTH_KEY_REQUESTS_PER_MINUTE',
  };
  const all = await get('limits');
  expect(all.body.limits).toContainEqual(limit);
  expect(all.body.silent).toEqual(['gateway', 'delivery', 'files']);
  const [row] = await database.query<{ id: number }>(
    'SELECT id::int AS id FROM auth.users WHERE ext_id = $1',
    [person.id],
  );
  const user = row?.id ?? 0;
  await store.redis.zadd(
    `${store.prefix}:{u.${user % 4}}:keyRequests:${user}`,
    Date.now(),
    'a',
    1,
    'long ago',
  );
  const own = await get(`accounts/${person.id}/limits`);
  expect(own.body.limits).toContainEqual({ ...limit, used: 1 });
  // a limit per pair belongs to no single user
  expect(own.body.limits.map(({ name }: { name: string }) => name)).not.toContain('keys_per_pair');
  expect(await get('quotas')).toEqual({ status: 200, body: { users: [] } });
  expect(await post(`accounts/${person.id}/quota`, { bytes: 1_000 })).toMatchObject({
    status: 409,
    body: { advice: expect.stringContaining('no files') },
  });
});

test('who is not there, more than a file may have, and a key without the scope are refused', async () => {
  expect((await get('accounts/nobody/limits')).status).toBe(404);
  expect((await post('accounts/nobody/quota', { bytes: 1_000 })).status).toBe(404);
  for (const bytes of [0, -1, 1.5, '1000', 2 ** 53])
    expect({ bytes, status: (await post('accounts/nobody/quota', { bytes })).status }).toEqual({
      bytes,
      status: 400,
    });
  const reader = await keyWith('limits:read');
  expect((await get('limits', reader)).status).toBe(200);
  expect((await post('accounts/nobody/quota', { bytes: 1 }, reader)).status).toBe(403);
  expect((await get('limits', await keyWith('accounts:read'))).status).toBe(403);
});
