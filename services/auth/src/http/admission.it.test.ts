import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '@securechat/kernel';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { createInviteAdmission } from '../enrolment/admission.ts';
import { createTokenAdmission, type TokenKey } from '../enrolment/token-admission.ts';
import { openTestHttp, type TestHttp } from '../testing/http.ts';
import { createDevice, createPerson, type Device, firstList, type Person, prove } from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';

const ADMIN = 'an admin token of more than 32 characters';

let database: OwnDatabase;
let http: TestHttp;

beforeAll(async () => {
  database = await createOwnDatabase();
});
afterAll(() => database?.drop());

const enrolment = (person: Person, device: Device, more: object = {}) => {
  const list = firstList(person, device);
  return { list, proof: prove(list, device), ...more };
};
const newEnrolment = (more: object, person = createPerson()) => enrolment(person, createDevice(), more);
const NOT_ADMITTED = { status: 403, body: { code: 1006, error_code: 'PERMISSION_DENIED' } };

async function accountsNamed({ id }: Person): Promise<number> {
  return (await database.query('SELECT FROM auth.users WHERE ext_id = $1', [id])).length;
}

describe('by invite', () => {
  beforeAll(() => {
    const admission = createInviteAdmission;
    http = openTestHttp(database.url, { enrolment: 'invite', admission, adminToken: ADMIN });
  });
  afterAll(() => http?.close());

  async function invite(validSeconds = 60): Promise<string> {
    const body = { count: 1, valid_seconds: validSeconds };
    return (await http.post('/v1/admin/invites', body, { bearer: ADMIN })).body.invites?.[0] ?? '';
  }

  test('clients are told that they need one', async () => {
    const request = { method: 'GET', path: '/.well-known/securechat', headers: {} } as const;
    expect(JSON.parse((await http.ask(request)).text)).toMatchObject({ enrolment: 'invite' });
  });

  test('a code lets one account in, and is known to the database by its hash only', async () => {
    const code = await invite();
    expect(code).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect((await http.post('/v1/accounts', newEnrolment({ invite: code }))).status).toBe(201);
    const person = createPerson();
    const again = await http.post('/v1/accounts', newEnrolment({ invite: code }, person));
    expect(again).toMatchObject(NOT_ADMITTED);
    expect(await accountsNamed(person)).toBe(0);
    const rows = await database.query<{ text: string }>('SELECT invites::text AS text FROM auth.invites');
    expect(rows.map(({ text }) => text).join()).not.toContain(code);
  });

  test('no code, an unknown, a used and an expired one are refused with the same bytes, whoever is named', async () => {
    const used = await invite();
    const member = createPerson();
    await http.post('/v1/accounts', newEnrolment({ invite: used }, member));
    const expired = await invite();
    await database.query(`UPDATE auth.invites SET expires_at = now() WHERE used_at IS NULL`);
    const replies = await Promise.all([
      ...[{}, { invite: 'unknown' }, { invite: used }, { invite: expired }].map((more) =>
        http.post('/v1/accounts', newEnrolment(more)),
      ),
      // the name is taken, which is not revealed either
      http.post('/v1/accounts', newEnrolment({ invite: used }, { ...createPerson(), id: member.id })),
    ]);
    expect(new Set(replies.map(({ status, body }) => JSON.stringify({ status, body }))).size).toBe(1);
    expect(replies[0]).toMatchObject(NOT_ADMITTED);
  });

  test('of many who use one code at once exactly one gets in; five times', async () => {
    for (let round = 0; round < 5; round++) {
      const code = await invite();
      const people = Array.from({ length: 6 }, createPerson);
      const replies = await Promise.all(
        people.map((person) => http.post('/v1/accounts', newEnrolment({ invite: code }, person))),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403, 403]);
      const made = await Promise.all(people.map(accountsNamed));
      expect(made.reduce((sum, count) => sum + count, 0)).toBe(1);
    }
  });

  test('a lost answer can be asked for again, with the used code or without one', async () => {
    const request = newEnrolment({ invite: await invite() });
    const first = await http.post('/v1/accounts', request);
    expect(first.status).toBe(201);
    const { list, proof } = request;
    for (const repeated of [request, { list, proof }])
      expect(await http.post('/v1/accounts', repeated)).toMatchObject({ status: 200, body: first.body });
  });

  test('an enrolment that fails for another reason leaves the code as it was', async () => {
    const code = await invite();
    const person = createPerson();
    const device = createDevice();
    await http.post('/v1/accounts', enrolment(person, device, { invite: await invite() }));
    const sameKey = await http.post('/v1/accounts', enrolment(createPerson(), device, { invite: code }));
    expect(sameKey.status).toBe(409);
    expect((await http.post('/v1/accounts', newEnrolment({ invite: code }))).status).toBe(201);
  });
});

describe('by token', () => {
  const rules = { issuer: 'product', audience: 'chat', userClaim: 'uid', clock: systemClock };
  const secret = 'a shared secret of 32 bytes, or more';
  const in5Minutes = (): number => Math.floor(Date.now() / 1000) + 300;
  const claimsOf = (person: Person, changes: JWTPayload = {}): JWTPayload => ({
    ...{ iss: 'product', aud: 'chat', uid: person.id, exp: in5Minutes() },
    ...changes,
  });
  const sign = (
    claims: JWTPayload,
    key: Parameters<SignJWT['sign']>[0],
    header: { alg: string; kid?: string; typ?: string },
  ) => new SignJWT(claims).setProtectedHeader(header).sign(key);
  const bytes = (text: string) => new TextEncoder().encode(text);

  type Enrol = (person: Person, more: object) => ReturnType<TestHttp['post']>;
  async function withTokens(key: TokenKey, work: (enrol: Enrol) => Promise<void>): Promise<void> {
    const http = openTestHttp(database.url, {
      enrolment: 'jwt',
      admission: () => createTokenAdmission({ ...rules, key }),
    });
    const enrol: Enrol = (person, more) => http.post('/v1/accounts', newEnrolment(more, person));
    try {
      await work(enrol);
    } finally {
      await http.close();
    }
  }

  test('the product vouches with a shared secret: for this user, this service, and for a while', async () => {
    await withTokens({ secret }, async (enrol) => {
      const person = createPerson();
      const hs256 = { alg: 'HS256' };
      const good = await sign(claimsOf(person), bytes(secret), { ...hs256, typ: 'at+JWT' });
      const { exp: _, ...forEver } = claimsOf(person);
      const forged = [
        undefined,
        'no token',
        new UnsecuredJWT(claimsOf(person)).encode(),
        await sign(claimsOf(person), bytes(`${secret}!`), hs256),
        await sign(claimsOf(person), bytes(secret), { alg: 'HS512' }),
        await sign(claimsOf(person, { exp: in5Minutes() - 600 }), bytes(secret), hs256),
        await sign(forEver, bytes(secret), hs256),
        await sign(claimsOf(person, { aud: 'mail' }), bytes(secret), hs256),
        await sign(claimsOf(person, { iss: 'somebody' }), bytes(secret), hs256),
        await sign(claimsOf(createPerson()), bytes(secret), hs256),
        await sign(claimsOf(person, { uid: [person.id] }), bytes(secret), hs256),
        await sign(claimsOf(person), bytes(secret), { ...hs256, typ: 'logout+jwt' }),
      ];
      const replies = [];
      for (const token of forged) replies.push(await enrol(person, token === undefined ? {} : { token }));
      expect(new Set(replies.map(({ status, body }) => JSON.stringify({ status, body }))).size).toBe(1);
      expect(replies[0]).toMatchObject(NOT_ADMITTED);
      expect((await enrol(person, { token: good })).status).toBe(201);
    });
  });

  describe('whose keys are published', () => {
    const [rsa, ec, ed] = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ed25519'),
    ];
    let server: Server;
    let fetched = 0;
    let answer: () => Promise<{ status: number; body: string }>;
    let jwksUrl: string;

    beforeAll(async () => {
      server = createServer((_request, response) => {
        fetched++;
        void answer().then(({ status, body }) => response.writeHead(status).end(body));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const keys = await Promise.all(
        [rsa, ec, ed].map(async ({ publicKey }, index) => ({
          ...(await exportJWK(publicKey)),
          kid: `k${index}`,
        })),
      );
      answer = async () => ({ status: 200, body: JSON.stringify({ keys }) });
    });
    afterAll(async () => {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    });

    test('RS256, ES256 and EdDSA are taken, the keys are fetched once, and a public key is no shared secret', async () => {
      await withTokens({ jwksUrl }, async (enrol) => {
        for (const [pair, header] of [
          [rsa, { alg: 'RS256', kid: 'k0' }],
          [ec, { alg: 'ES256', kid: 'k1' }],
          [ed, { alg: 'EdDSA', kid: 'k2' }],
        ] as const) {
          const person = createPerson();
          const token = await sign(claimsOf(person), pair.privateKey, header);
          expect((await enrol(person, { token })).status).toBe(201);
        }
        const person = createPerson();
        const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
        const confused = [
          await sign(claimsOf(person), bytes(pem), { alg: 'HS256', kid: 'k0' }),
          await sign(claimsOf(person), rsa.privateKey, { alg: 'PS256', kid: 'k0' }),
          new UnsecuredJWT(claimsOf(person)).encode(),
        ];
        for (const token of confused) expect(await enrol(person, { token })).toMatchObject(NOT_ADMITTED);
      });
      expect(fetched).toBe(1);
    });

    test('a key that is not in the newest set is refused; while no newer one is fetched it may come: try again', async () => {
      const unknown = async () => {
        const person = createPerson();
        const token = await sign(claimsOf(person), ed.privateKey, { alg: 'EdDSA', kid: 'k9' });
        return { person, more: { token } };
      };
      await withTokens({ jwksUrl }, async (enrol) => {
        const [first, second] = [await unknown(), await unknown()];
        expect(await enrol(first.person, first.more)).toMatchObject(NOT_ADMITTED);
        const reply = await enrol(second.person, second.more);
        expect(reply).toMatchObject({ status: 503, body: { error_code: 'SERVER_UNAVAILABLE' } });
      });
    });

    test('keys that cannot be had are no refusal: try again', async () => {
      const published = answer;
      const wrong = [
        { status: 500, body: 'down' },
        { status: 200, body: 'no json' },
        { status: 200, body: JSON.stringify({ keys: [], more: 'x'.repeat(100_000) }) },
      ];
      for (const given of wrong) {
        const person = createPerson();
        const token = await sign(claimsOf(person), ed.privateKey, { alg: 'EdDSA', kid: 'k2' });
        answer = async () => given;
        await withTokens({ jwksUrl }, async (enrol) => {
          const reply = await enrol(person, { token });
          expect(reply).toMatchObject({ status: 503, body: { error_code: 'SERVER_UNAVAILABLE' } });
          answer = published;
          expect((await enrol(person, { token })).status).toBe(201);
        });
      }
    });
  });
});

describe('the admin API', () => {
  let told = 0;
  beforeAll(() => {
    http = openTestHttp(database.url, { adminToken: ADMIN, publish: async () => void told++ });
  });
  afterAll(() => http?.close());

  const asAdmin = (path: string, body: object = {}) =>
    http.post(`/v1/admin/${path}`, body, { bearer: ADMIN });
  const auditLog = async () =>
    (await database.query<{ action: string }>('SELECT action FROM auth.audit_log ORDER BY id')).map(
      ({ action }) => action,
    );

  test('is not there without a token of its own, and closed to every other token', async () => {
    const without = openTestHttp(database.url);
    try {
      const reply = await without.post(
        '/v1/admin/invites',
        { count: 1, valid_seconds: 60 },
        { bearer: ADMIN },
      );
      expect(reply.status).toBe(404);
    } finally {
      await without.close();
    }
    const invites = async () => (await database.query('SELECT FROM auth.invites')).length;
    const before = await invites();
    for (const bearer of [undefined, '', `${ADMIN}x`, ADMIN.slice(1)]) {
      const from = { address: '10.0.0.1', ...(bearer === undefined ? {} : { bearer }) };
      const reply = await http.post('/v1/admin/invites', { count: 1, valid_seconds: 60 }, from);
      expect(reply).toMatchObject({ status: 401, body: { error_code: 'AUTHENTICATION_FAILED' } });
    }
    expect(await invites()).toBe(before);
  });

  test('lets nobody guess: after 60 requests a minute even the right token has to wait', async () => {
    const from = { address: '10.0.0.2' };
    for (let n = 0; n < 60; n++) await http.post('/v1/admin/invites', {}, { ...from, bearer: String(n) });
    const reply = await http.post(
      '/v1/admin/invites',
      { count: 1, valid_seconds: 60 },
      { ...from, bearer: ADMIN },
    );
    expect(reply.status).toBe(429);
  });

  test('revokes a device, disables and enables an account, tells the gateways, and writes it down', async () => {
    const person = createPerson();
    const device = createDevice();
    await http.post('/v1/accounts', enrolment(person, device));
    const before = { log: (await auditLog()).length, told };
    const state = async () =>
      (
        await database.query(
          `SELECT u.state, d.revoked_at IS NOT NULL AS revoked FROM auth.users u
             JOIN auth.devices d ON d.user_id = u.id WHERE u.ext_id = $1`,
          [person.id],
        )
      )[0];

    expect((await asAdmin(`accounts/${person.id}/disable`)).status).toBe(200);
    expect(await state()).toEqual({ state: 'disabled', revoked: false });
    expect((await asAdmin(`accounts/${person.id}/enable`)).status).toBe(200);
    expect((await asAdmin(`accounts/${person.id}/devices/${device.id}/revocation`)).status).toBe(200);
    expect(await state()).toEqual({ state: 'active', revoked: true });
    expect(told).toBe(before.told + 3);
    expect((await auditLog()).slice(before.log)).toEqual([
      'disable_account',
      'enable_account',
      'revoke_device',
    ]);

    for (const path of [`accounts/nobody/disable`, `accounts/${person.id}/devices/nothing/revocation`])
      expect(await asAdmin(path)).toMatchObject({ status: 404, body: { error_code: 'USER_NOT_FOUND' } });
    expect(await auditLog()).toHaveLength(before.log + 3);
  });
});
