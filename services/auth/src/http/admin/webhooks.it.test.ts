import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openPool } from '@securechat/kernel';
import { createApiKey, hashOfKey } from '../../admin/callers.ts';
import type { Scope } from '../../admin/scopes.ts';
import { insertApiKey } from '../../store/api-key-store.ts';
import { openTestHttp, type TestHttp } from '../../testing/http.ts';
import { createDevice, createPerson, firstList, prove } from '../../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';

const ADMIN = 'an admin token of more than 32 characters';
const URL = 'https://backend.example.com/hooks';

let database: OwnDatabase;
let http: TestHttp;
beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url, { adminToken: ADMIN });
});
afterAll(async () => {
  await http?.close();
  await database?.drop();
});
beforeEach(() => database.query('DELETE FROM auth.webhooks'));

type Answer = {
  webhook_id: string;
  secret: string;
  webhooks: object[];
  events: object[];
  replayed: number;
};
let calls = 0;
async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body: object = {},
  { bearer = ADMIN, ...more }: { bearer?: string; idempotencyKey?: string } = {},
) {
  const url = `/v1/admin/webhooks${path}`;
  if (method === 'POST') {
    const address = `10.2.0.${(++calls % 250) + 1}`;
    const { status, body: answer } = await http.post(url, body, { bearer, address, ...more });
    return { status, body: answer as unknown as Answer };
  }
  const reply = await http.ask({ method, path: url, headers: { authorization: `Bearer ${bearer}` } });
  return { status: reply.status, body: JSON.parse(reply.text) as Answer };
}
const create = (
  url = URL,
  events = ['user.created', 'device.added', 'device.revoked', 'user.suspended', 'user.enabled'],
) => ask('POST', '', { url, events });
const written = () =>
  database.query<{ type: string; data: object }>(
    'SELECT type, data FROM auth.webhook_events ORDER BY at, type',
  );

async function enrol() {
  const [person, device] = [createPerson(), createDevice()];
  const list = firstList(person, device);
  const reply = await http.post('/v1/accounts', { list, proof: prove(list, device) });
  expect(reply.status).toBe(201);
  return { userId: person.id, deviceId: device.id };
}

test('a webhook is made with a secret that nobody is shown again, and an act that is written down', async () => {
  const made = await create();
  expect(made).toMatchObject({
    status: 201,
    body: { secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) },
  });
  const listed = await ask('GET', '');
  expect(listed.body.webhooks).toMatchObject([{ url: URL, waiting: 0, dead: 0 }]);
  expect(JSON.stringify(listed.body)).not.toContain(made.body.secret.slice(6));
  const acts = await database.query('SELECT action, webhook FROM auth.audit_log ORDER BY id DESC LIMIT 1');
  expect(acts).toEqual([{ action: 'create_webhook', webhook: made.body.webhook_id }]);
});

test('the same request by the same name makes one webhook, and shows the same secret', async () => {
  const named = { idempotencyKey: 'backend-1' };
  const [first, again] = [
    await ask('POST', '', { url: URL, events: ['user.created'] }, named),
    await ask('POST', '', { url: URL, events: ['user.created'] }, named),
  ];
  expect(again).toEqual(first);
  expect((await ask('GET', '')).body.webhooks).toHaveLength(1);
  const stored = await database.query<{ answer: object }>('SELECT answer FROM auth.api_requests');
  expect(JSON.stringify(stored)).not.toContain('whsec');
});

test('an address inside, without TLS or with a password is refused, and so are events that do not exist', async () => {
  for (const url of [
    'http://backend.example.com/hooks',
    'https://10.0.0.7/hooks',
    'https://[::1]/hooks',
    'https://169.254.169.254/latest/meta-data',
    'https://user:password@backend.example.com/',
    'ftp://backend.example.com/',
    'nonsense',
  ])
    expect({ url, status: (await create(url)).status }).toEqual({ url, status: 400 });
  expect((await create(URL, ['message.sent'])).status).toBe(400);
  expect((await create(URL, [])).status).toBe(400);
});

test('there are twenty at most', async () => {
  for (let count = 0; count < 20; count += 1) expect((await create()).status).toBe(201);
  expect((await create()).status).toBe(409);
}, 30_000);

test('a key needs the scope', async () => {
  const { id, key } = createApiKey();
  const pool = openPool(database.url, { applicationName: 'test-keys', max: 1 });
  const scopes: Scope[] = ['webhooks:read'];
  await insertApiKey(pool, { id, name: 'backend', scopes, sha256: hashOfKey(key), validDays: undefined });
  await pool.end();
  const asKey = { bearer: key };
  expect((await ask('GET', '', {}, asKey)).status).toBe(200);
  expect((await ask('POST', '', { url: URL, events: ['user.created'] }, asKey)).status).toBe(403);
});

test('what happens to accounts and devices is written with it, once, and for nobody who has not asked', async () => {
  await create();
  await create(URL, ['conversation.created']);
  const { userId, deviceId } = await enrol();
  const user = { user_id: userId };
  const device = { ...user, device_id: deviceId };
  expect(await written()).toEqual([
    { type: 'device.added', data: device },
    { type: 'user.created', data: user },
  ]);
  await database.query('DELETE FROM auth.webhook_events');
  const admin = (act: string) =>
    http.post(`/v1/admin/accounts/${userId}/${act}`, {}, { bearer: ADMIN, address: '10.3.0.1' });
  for (const act of [
    'disable',
    'disable',
    'enable',
    `devices/${deviceId}/revocation`,
    `devices/${deviceId}/revocation`,
  ])
    expect((await admin(act)).status).toBe(200);
  expect(await written()).toEqual([
    { type: 'user.suspended', data: user },
    { type: 'user.enabled', data: user },
    { type: 'device.revoked', data: device },
  ]);
});

test('what is rolled back is no event', async () => {
  await create();
  const { userId } = await enrol();
  await database.query('DELETE FROM auth.webhook_events');
  await database.query(
    `DO $$ BEGIN UPDATE auth.users SET state = 'disabled' WHERE ext_id = '${userId}'; RAISE EXCEPTION 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $$`,
  );
  expect(await written()).toEqual([]);
});

test('of a user who was erased nothing is told any more but that', async () => {
  await create(URL, ['user.created', 'device.added', 'user.erased']);
  const [gone, stays] = [await enrol(), await enrol()];
  for (const table of ['device_lists', 'devices'])
    await database.query(
      `DELETE FROM auth.${table} WHERE user_id = (SELECT id FROM auth.users WHERE ext_id = $1)`,
      [gone.userId],
    );
  await database.query('DELETE FROM auth.users WHERE ext_id = $1', [gone.userId]);
  expect((await written()).map(({ type, data }) => [type, (data as { user_id: string }).user_id])).toEqual([
    ['device.added', stays.userId],
    ['user.created', stays.userId],
    ['user.erased', gone.userId],
  ]);
});

test('a secret is changed, what was given up is shown and sent again, and a webhook goes with what waits', async () => {
  const { body: made } = await create();
  await enrol();
  const path = `/${made.webhook_id}`;
  const rotated = await ask('POST', `${path}/secret`);
  expect(rotated.body.secret).toMatch(/^whsec_/);
  expect(rotated.body.secret).not.toBe(made.secret);
  const [secrets] = await database.query<{ secret: Buffer; previous_secret: Buffer }>(
    'SELECT secret, previous_secret FROM auth.webhooks',
  );
  expect(`whsec_${secrets?.secret.toString('base64')}`).toBe(rotated.body.secret);
  expect(`whsec_${secrets?.previous_secret.toString('base64')}`).toBe(made.secret);

  await database.query(
    `UPDATE auth.webhook_events SET attempts = 8, failure = 'refused', dead_at = now() WHERE type = 'user.created'`,
  );
  expect((await ask('GET', '')).body.webhooks).toMatchObject([{ waiting: 1, dead: 1 }]);
  expect((await ask('GET', `${path}/dead`)).body.events).toMatchObject([
    { type: 'user.created', attempts: 8, failure: 'refused' },
  ]);
  expect((await ask('POST', `${path}/replay`)).body).toEqual({ webhook_id: made.webhook_id, replayed: 1 });
  expect((await ask('GET', '')).body.webhooks).toMatchObject([{ waiting: 2, dead: 0 }]);

  expect((await ask('DELETE', path)).status).toBe(200);
  expect(await written()).toEqual([]);
  for (const [method, rest] of [
    ['DELETE', ''],
    ['POST', '/secret'],
    ['POST', '/replay'],
    ['GET', '/dead'],
  ] as const)
    expect((await ask(method, `${path}${rest}`)).status).toBe(404);
});

test('the command does the same at a terminal', async () => {
  const command = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: database.url };
    const script = join(import.meta.dirname, '../../webhooks.ts');
    return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout.trim();
  };
  const [id = '', secret] = (await command('create', URL, 'user.created')).split('\n');
  expect(secret).toMatch(/^whsec_/);
  expect(await command('list')).toBe(`${id}  ${URL}  user.created  0 waiting  0 given up`);
  expect(await command('dead', id)).toBe('Nothing was given up.');
  await expect(command('create', 'https://10.0.0.1/', 'user.created')).rejects.toThrow(
    'WEBHOOK_ALLOWED_ORIGINS',
  );
  await expect(command('create', URL, 'message.sent')).rejects.toThrow('There is no event message.sent.');
  expect(await command('remove', id)).toBe(`${id} is told nothing more`);
}, 60_000);
