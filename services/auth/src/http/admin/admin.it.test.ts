import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openPool, systemClock } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { createApiKey, hashOfKey } from '../../admin/callers.ts';
import type { Scope } from '../../admin/scopes.ts';
import { createInviteAdmission, hashOfInvite } from '../../enrolment/admission.ts';
import { createTokenAdmission } from '../../enrolment/token-admission.ts';
import { insertApiKey } from '../../store/api-key-store.ts';
import { openTestHttp, type TestHttp } from '../../testing/http.ts';
import { createDevice, createPerson, firstList, type Person, prove } from '../../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';

const ADMIN = 'an admin token of more than 32 characters';
const JWT_SECRET = 'what the product and auth share, long enough';

let database: OwnDatabase;
let http: TestHttp;

beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url, {
    enrolment: 'invite',
    admission: createInviteAdmission,
    adminToken: ADMIN,
  });
});
afterAll(async () => {
  await http?.close();
  await database?.drop();
});

/** `node src/FILE`, as an operator runs it. */
async function command(file: 'api-key.ts' | 'invites.ts', ...args: string[]): Promise<string> {
  const script = join(import.meta.dirname, '../..', file);
  const env = { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: database.url };
  return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout.trim();
}

/** What the command does, without the seconds that a process takes to start. */
async function apiKey(...scopes: Scope[]): Promise<string> {
  const { id, key } = createApiKey();
  const pool = openPool(database.url, { applicationName: 'test-keys', max: 1 });
  await insertApiKey(pool, { id, name: 'backend', scopes, sha256: hashOfKey(key), validDays: undefined });
  await pool.end();
  return key;
}

let address = 0;
/** From a distinct address, so that address limits do not interfere. */
const from = (bearer: string, idempotencyKey?: string) => ({
  address: `10.1.${Math.floor(++address / 250)}.${(address % 250) + 1}`,
  bearer,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const post = (path: string, body: object, bearer: string, idempotencyKey?: string) =>
  http.post(`/v1/admin/${path}`, body, from(bearer, idempotencyKey));
const get = async (path: string, bearer: string) => {
  const reply = await http.ask({
    method: 'GET',
    path: `/v1/admin/${path}`,
    headers: { authorization: `Bearer ${bearer}` },
  });
  return { status: reply.status, body: JSON.parse(reply.text) };
};
const enrol = (person: Person, more: object, on = http) => {
  const device = createDevice();
  const list = firstList(person, device);
  return on.post('/v1/accounts', { list, proof: prove(list, device), ...more });
};
const ONE_INVITE = { count: 1, valid_seconds: 60 };
const countOf = async (table: string): Promise<number> =>
  (await database.query(`SELECT FROM auth.${table}`)).length;

describe('a key', () => {
  test('may do what its scopes say and nothing else, and is told what it lacks', async () => {
    const reader = await apiKey('accounts:read');
    expect((await get('accounts', reader)).status).toBe(200);
    const before = await countOf('invites');
    const refused = { status: 403, body: { error_code: 'PERMISSION_DENIED' } };
    const person = createPerson();
    for (const [path, body] of [
      ['invites', ONE_INVITE],
      [`accounts/${person.id}/disable`, {}],
      [`accounts/${person.id}/devices/phone/revocation`, {}],
      [`accounts/${person.id}/admission`, { valid_seconds: 60 }],
    ] as const) {
      const reply = await post(path, body, reader);
      expect({ path, ...reply }).toMatchObject(refused);
      expect(reply.body.advice).toContain('scope');
    }
    expect(await countOf('invites')).toBe(before);
    const inviter = await apiKey('invites:write');
    expect((await get('accounts', inviter)).status).toBe(403);
    expect((await post('invites', ONE_INVITE, inviter)).status).toBe(201);
  });

  test('is known to the database by its hash, and taken no more when it is another, revoked or over', async () => {
    const key = await apiKey('invites:write');
    const id = key.slice(4, 20);
    const rows = await database.query<{ text: string }>('SELECT k::text AS text FROM auth.api_keys k');
    expect(rows.map(({ text }) => text).join()).not.toContain(key.slice(-43));
    expect((await post('invites', ONE_INVITE, key)).status).toBe(201);

    const other = `${key.slice(0, -2)}${key.at(-2) === 'A' ? 'B' : 'A'}${key.at(-1)}`;
    for (const wrong of [other, id, `sck_${id}_`, key.slice(0, -1), `${key}A`])
      expect((await post('invites', ONE_INVITE, wrong)).status).toBe(401);

    for (const column of ['expires_at', 'revoked_at']) {
      await database.query(`UPDATE auth.api_keys SET ${column} = now() WHERE id = '${id}'`);
      expect((await post('invites', ONE_INVITE, key)).status).toBe(401);
      await database.query(`UPDATE auth.api_keys SET ${column} = NULL WHERE id = '${id}'`);
    }
    expect((await post('invites', ONE_INVITE, key)).status).toBe(201);
  });

  test('is made, listed and revoked by a command', async () => {
    const key = await command('api-key.ts', 'create', 'backend', 'invites:write', '--days', '1');
    const id = key.slice(4, 20);
    expect((await post('invites', ONE_INVITE, key)).status).toBe(201);
    expect(await command('api-key.ts', 'revoke', id)).toContain('taken no more');
    expect((await post('invites', ONE_INVITE, key)).status).toBe(401);
    expect(await command('api-key.ts', 'list')).toMatch(
      new RegExp(`${id}  backend  invites:write  .*revoked or expired`),
    );
    await expect(command('api-key.ts', 'create', 'backend', 'everything')).rejects.toThrow(
      'no scope everything',
    );
  }, 120_000);

  test('stands in the log beside what it did, and the admin token does not', async () => {
    const key = await apiKey('accounts:write', 'invites:write');
    const person = createPerson();
    const { body } = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, key);
    await enrol(person, { invite: body.invite });
    await post(`accounts/${person.id}/disable`, {}, key);
    await post(`accounts/${person.id}/enable`, {}, ADMIN);
    const log = await database.query(
      'SELECT action, api_key, user_id IS NOT NULL AS of_user FROM auth.audit_log ORDER BY id DESC LIMIT 3',
    );
    expect(log).toEqual([
      { action: 'enable_account', api_key: null, of_user: true },
      { action: 'disable_account', api_key: key.slice(4, 20), of_user: true },
      { action: 'admit_user', api_key: key.slice(4, 20), of_user: false },
    ]);
  });

  test('has a limit of its own, from whatever addresses', async () => {
    const still = openTestHttp(database.url, { adminToken: ADMIN, clock: createTestClock() });
    try {
      const [busy, quiet] = [await apiKey('invites:write'), await apiKey('invites:write')];
      const ask = async (key: string) => (await still.post('/v1/admin/invites', {}, from(key))).status;
      for (let n = 0; n < 600; n++) expect(await ask(busy)).toBe(400);
      expect(await ask(busy)).toBe(429);
      expect(await ask(quiet)).toBe(400);
    } finally {
      await still.close();
    }
  }, 60_000);
});

describe('a request that is sent again by the same name', () => {
  test('gets the same codes, which are stored nowhere, and makes no more of them', async () => {
    const key = await apiKey('invites:write');
    const body = { count: 3, valid_seconds: 60 };
    const before = { invites: await countOf('invites'), log: await countOf('audit_log') };
    const replies = await Promise.all([1, 2, 3, 4].map(() => post('invites', body, key, 'order-1')));
    expect(new Set(replies.map((reply) => JSON.stringify([reply.status, reply.body]))).size).toBe(1);
    expect(await countOf('invites')).toBe(before.invites + 3);
    expect(await countOf('audit_log')).toBe(before.log + 1);
    const stored = await database.query<{ text: string }>('SELECT r::text AS text FROM auth.api_requests r');
    const [code = ''] = replies[0]?.body.invites ?? [];
    expect(stored.map(({ text }) => text).join()).not.toContain(code);
    expect((await enrol(createPerson(), { invite: code })).status).toBe(201);

    const other = await post('invites', body, key, 'order-2');
    const another = await post('invites', body, ADMIN, 'order-1');
    expect(new Set([...(other.body.invites ?? []), ...(another.body.invites ?? []), code]).size).toBe(7);
  });

  test('undoes nothing that was done in between', async () => {
    const person = createPerson();
    const { body } = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, ADMIN);
    await enrol(person, { invite: body.invite });
    const disable = () => post(`accounts/${person.id}/disable`, {}, ADMIN, 'suspend-7');
    expect((await disable()).status).toBe(200);
    await post(`accounts/${person.id}/enable`, {}, ADMIN);
    expect((await disable()).status).toBe(200);
    expect((await get(`accounts/${person.id}`, ADMIN)).body).toMatchObject({ state: 'active' });
  });

  test('and asks for something else is refused, and names that are none too', async () => {
    await post('invites', ONE_INVITE, ADMIN, 'order-9');
    const reply = await post('invites', { count: 2, valid_seconds: 60 }, ADMIN, 'order-9');
    expect(reply).toMatchObject({ status: 409, body: { error_code: 'ID_REUSED' } });
    expect(reply.body.advice).toContain('Idempotency-Key');
    for (const name of ['no spaces', 'x'.repeat(65)])
      expect((await post('invites', ONE_INVITE, ADMIN, name)).status).toBe(400);
  });

  test('and failed the first time is done when it can be', async () => {
    const person = createPerson();
    const disable = () => post(`accounts/${person.id}/disable`, {}, ADMIN, 'early');
    expect((await disable()).status).toBe(404);
    const { body } = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, ADMIN);
    await enrol(person, { invite: body.invite });
    expect((await disable()).status).toBe(200);
    expect((await get(`accounts/${person.id}`, ADMIN)).body).toMatchObject({ state: 'disabled' });
  });
});

test('invites that may still be used are listed page by page, without their codes', async () => {
  await database.query('DELETE FROM auth.invites');
  const { body } = await post('invites', { count: 150, valid_seconds: 3_600 }, ADMIN);
  await post('accounts/zoe/admission', { valid_seconds: 60 }, ADMIN);
  await post('invites', ONE_INVITE, ADMIN);
  await database.query(
    `UPDATE auth.invites SET expires_at = now() WHERE for_user IS NULL AND expires_at < now() + interval '5 min'`,
  );
  const reader = await apiKey('invites:read');
  const first = await get('invites', reader);
  const second = await get(`invites?after=${first.body.next}`, reader);
  const listed = [...first.body.invites, ...second.body.invites] as {
    invite_id: string;
    for_user?: string;
  }[];
  expect([first.body.invites.length, second.body.next]).toEqual([100, undefined]);
  expect(listed[0]).toMatchObject({ for_user: 'zoe' });
  const hashes = (body.invites as string[]).map((code) => hashOfInvite(code).toString('hex'));
  expect(new Set(listed.slice(1).map(({ invite_id }) => invite_id))).toEqual(new Set(hashes));
  for (const code of body.invites as string[]) expect(JSON.stringify(listed)).not.toContain(code);
  expect((await get('invites?after=nonsense', reader)).status).toBe(400);
});

test('invites are made by a command, and each lets one person in', async () => {
  const codes = (await command('invites.ts', '2', '--days', '1')).split('\n');
  expect(codes).toHaveLength(2);
  for (const invite of codes) expect((await enrol(createPerson(), { invite })).status).toBe(201);
  expect((await enrol(createPerson(), { invite: codes[0] })).status).toBe(403);
  const [entry] = await database.query(
    `SELECT api_key, count FROM auth.audit_log WHERE action = 'create_invites' ORDER BY id DESC LIMIT 1`,
  );
  expect(entry).toMatchObject({ api_key: null, count: 2 });
  await expect(command('invites.ts', '1', '--days', '366')).rejects.toThrow(
    '--days is a number from 1 to 365',
  );
}, 120_000);

describe('letting one user in', () => {
  test('an invite is of use to that user only', async () => {
    const person = createPerson();
    const { status, body } = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, ADMIN);
    expect({ status, body }).toMatchObject({ status: 201, body: { user_id: person.id } });
    expect((await enrol(createPerson(), { invite: body.invite })).status).toBe(403);
    expect((await enrol(person, { invite: body.invite })).status).toBe(201);
    const again = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, ADMIN);
    expect(again).toMatchObject({ status: 409, body: { error_code: 'ACCOUNT_CONFLICT' } });
  });

  test('with tokens it is one that auth takes, the same when asked for again', async () => {
    const rules = { issuer: 'product', audience: 'chat', userClaim: 'sub', clock: systemClock };
    const byToken = openTestHttp(database.url, {
      enrolment: 'jwt',
      jwtSecret: JWT_SECRET,
      admission: () => createTokenAdmission({ key: { secret: JWT_SECRET }, ...rules }),
      adminToken: ADMIN,
    });
    try {
      const person = createPerson();
      const admission = () =>
        byToken.post(
          `/v1/admin/accounts/${person.id}/admission`,
          { valid_seconds: 60 },
          { bearer: ADMIN, idempotencyKey: 'token-1' },
        );
      const { body } = await admission();
      expect((await admission()).body).toEqual(body);
      expect((await enrol(createPerson(), { token: body.token }, byToken)).status).toBe(403);
      expect((await enrol(person, { token: body.token }, byToken)).status).toBe(201);
    } finally {
      await byToken.close();
    }
  });

  test('where everybody may come, says so', async () => {
    const open = openTestHttp(database.url, { adminToken: ADMIN });
    try {
      const reply = await open.post(
        `/v1/admin/accounts/${createPerson().id}/admission`,
        { valid_seconds: 60 },
        { bearer: ADMIN },
      );
      expect(reply.status).toBe(409);
      expect(reply.body.advice).toContain('AUTH_ENROLMENT=open');
    } finally {
      await open.close();
    }
  });
});

test('accounts are listed page by page, each once, with their devices and without keys', async () => {
  await database.query(
    `INSERT INTO auth.users (ext_id, account_key)
     SELECT 'page_' || n, sha256(('page' || n)::bytea) FROM generate_series(100, 299) n`,
  );
  const seen: string[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const { body } = await get(`accounts?after=${next}`, ADMIN);
    expect(Object.keys(body.accounts[0]).sort()).toEqual([
      'active_devices',
      'created_at',
      'state',
      'user_id',
    ]);
    seen.push(...body.accounts.map(({ user_id }: { user_id: string }) => user_id));
    next = body.next;
  }
  const all = await database.query<{ ext_id: string }>('SELECT ext_id FROM auth.users ORDER BY ext_id');
  expect(seen).toEqual(all.map(({ ext_id }) => ext_id));

  const person = createPerson();
  const { body } = await post(`accounts/${person.id}/admission`, { valid_seconds: 60 }, ADMIN);
  const { body: made } = await enrol(person, { invite: body.invite });
  await post(`accounts/${person.id}/devices/${made.device_id}/revocation`, {}, ADMIN);
  const { body: shown } = await get(`accounts/${person.id}`, ADMIN);
  expect(shown).toMatchObject({
    state: 'active',
    active_devices: 0,
    devices: [{ device_id: made.device_id }],
  });
  expect(Date.parse(shown.devices[0].revoked_at)).not.toBeNaN();
  expect((await get('accounts/nobody', ADMIN)).body.advice).toContain('GET /v1/admin/accounts');
});
