import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listHash } from '../enrolment/check-list.ts';
import { openTestHttp, type TestHttp } from '../testing/http.ts';
import {
  base64,
  certify,
  createDevice,
  createPerson,
  firstList,
  nowSeconds,
  prove,
  signList,
} from '../testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';

let database: OwnDatabase;
let http: TestHttp;

beforeAll(async () => {
  database = await createOwnDatabase();
  http = openTestHttp(database.url);
});
afterAll(async () => {
  await http?.close();
  await database?.drop();
});

async function accountsNamed(id: string): Promise<number> {
  const rows = await database.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM auth.users WHERE ext_id = $1',
    [id],
  );
  return rows[0]!.n;
}

describe('POST /v1/accounts', () => {
  test('stores the account, its device and the list as it was signed', async () => {
    const person = createPerson();
    const device = createDevice();
    const list = firstList(person, device);
    const reply = await http.post('/v1/accounts', { list, proof: prove(list, device) });
    expect(reply).toMatchObject({ status: 201, body: { user_id: person.id, device_id: device.id } });

    const [row] = await database.query<Record<string, unknown>>(
      `SELECT u.account_key, u.state, d.public_key, d.revoked_at, l.version, l.list, l.sha256
       FROM auth.users u JOIN auth.devices d ON d.user_id = u.id JOIN auth.device_lists l ON l.user_id = u.id
       WHERE u.ext_id = $1`,
      [person.id],
    );
    expect(row).toEqual({
      account_key: person.accountKey.publicKey,
      state: 'active',
      public_key: device.key.publicKey,
      revoked_at: null,
      version: 1,
      list,
      sha256: listHash(list),
    });
  });

  test('the very same request again is answered 200 with the same body, and stores nothing', async () => {
    const person = createPerson();
    const device = createDevice();
    const list = firstList(person, device);
    const request = { list, proof: prove(list, device) };
    const first = await http.post('/v1/accounts', request);
    const again = await http.post('/v1/accounts', request);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(await accountsNamed(person.id)).toBe(1);
  });

  test('a lost answer can be asked for again at any time, with a proof of any age', async () => {
    const person = createPerson();
    const device = createDevice();
    const list = firstList(person, device);
    await http.post('/v1/accounts', { list, proof: prove(list, device) });
    const late = await http.post('/v1/accounts', { list, proof: prove(list, device, nowSeconds() - 7200) });
    expect(late.status).toBe(200);
  });

  test('of many equal requests at once exactly one creates, and all are answered alike', async () => {
    const person = createPerson();
    const device = createDevice();
    const list = firstList(person, device);
    const request = { list, proof: prove(list, device) };
    const replies = await Promise.all(Array.from({ length: 6 }, () => http.post('/v1/accounts', request)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test('of two strangers who want the same id at once one gets it, the other 409', async () => {
    const { id } = createPerson();
    const requests = [1, 2].map(() => {
      const person = { ...createPerson(), id };
      const device = createDevice();
      const list = firstList(person, device);
      return { list, proof: prove(list, device) };
    });
    const replies = await Promise.all(requests.map((request) => http.post('/v1/accounts', request)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(replies.find(({ status }) => status === 409)?.body).toMatchObject({
      type: 'error',
      code: 1000,
      error_code: 'ACCOUNT_CONFLICT',
      error_message: expect.stringContaining('/list/user_id'),
    });
  });

  test('an account key or a device key that is in use is a conflict, and leaves nothing behind', async () => {
    const first = createPerson();
    const device = createDevice();
    const list = firstList(first, device);
    await http.post('/v1/accounts', { list, proof: prove(list, device) });

    const sameAccountKey = { ...createPerson(), accountKey: first.accountKey };
    const other = createDevice();
    const second = firstList(sameAccountKey, other);
    const reply = await http.post('/v1/accounts', { list: second, proof: prove(second, other) });
    expect(reply.status).toBe(409);
    expect(reply.body.error_message).toContain('/list/account_key');

    const sameDeviceKey = createPerson();
    const third = firstList(sameDeviceKey, device);
    const refused = await http.post('/v1/accounts', { list: third, proof: prove(third, device) });
    expect(refused.status).toBe(409);
    expect(refused.body.error_message).toContain('/list/devices/0/public_key');
    expect(await accountsNamed(sameDeviceKey.id)).toBe(0);
  });
});

describe('a bad signature is answered 401', () => {
  const person = createPerson();
  const device = createDevice();
  const stranger = createPerson();
  const list = firstList(person, device);
  const proof = prove(list, device);
  const fromStranger = firstList({ ...person, accountKey: stranger.accountKey }, device);
  const certificate = certify({ ...person, accountKey: stranger.accountKey }, device);

  const cases: Record<string, { path: string; request: object }> = {
    'the list signed by another account key': {
      path: '/list/signature',
      request: { list: { ...list, signature: fromStranger.signature }, proof },
    },
    'the list changed after it was signed': {
      path: '/list/signature',
      request: { list: { ...list, created_at: list.created_at + 1 }, proof },
    },
    'the certificate signed by another account key': {
      path: '/list/devices/0/signature',
      request: { list: signList(person, { ...list, devices: [certificate] }), proof },
    },
    'the certificate of another user': {
      path: '/list/devices/0/signature',
      request: {
        list: signList(person, { ...list, devices: [certify({ ...person, id: 'somebody' }, device)] }),
        proof,
      },
    },
    'the proof by another key': {
      path: '/proof/signature',
      request: {
        list,
        proof: { ...proof, signature: prove(list, { ...device, key: createDevice().key }).signature },
      },
    },
    'the proof by the account key': {
      path: '/proof/signature',
      request: {
        list,
        proof: prove(list, { id: device.id, key: { ...person.accountKey, publicKey: device.key.publicKey } }),
      },
    },
    'the proof for another version of the list': {
      path: '/proof/signature',
      request: { list, proof: prove({ ...list, version: 2 }, device) },
    },
    'the proof for another time': {
      path: '/proof/signature',
      request: { list, proof: { ...proof, timestamp: proof.timestamp - 1 } },
    },
    'the list signature in place of the proof': {
      path: '/proof/signature',
      request: { list, proof: { ...proof, signature: list.signature } },
    },
  };
  for (const [name, { path, request }] of Object.entries(cases)) {
    test(name, async () => {
      const reply = await http.post('/v1/accounts', request);
      expect(reply).toMatchObject({
        status: 401,
        body: { type: 'error', code: 1002, error_code: 'INVALID_SIGNATURE' },
      });
      expect(reply.body.error_message).toContain(path);
    });
  }
  test('and none of it was stored', async () => expect(await accountsNamed(person.id)).toBe(0));
});

/**
 * Anyone can "sign" for these: R = the point of order 1, S = 0 satisfies the equation when the key's order divides
 * the hash.
 */
const WEAK_KEYS = {
  'of order 1': '0100000000000000000000000000000000000000000000000000000000000000',
  'of order 2': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'of order 4': '0000000000000000000000000000000000000000000000000000000000000000',
  'of order 8': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'of order 1, spelled p+1': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'of order 4, spelled p': 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'spelled p+3': 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
};

describe('a key that anybody could sign for is not enrolled', () => {
  const forged = Buffer.concat([Buffer.from(WEAK_KEYS['of order 1'], 'hex'), Buffer.alloc(32)]);
  for (const [name, hex] of Object.entries(WEAK_KEYS)) {
    const weak = { publicKey: Buffer.from(hex, 'hex'), sign: () => forged, wipe: () => {} };

    test(`as device key: ${name}`, async () => {
      const person = createPerson();
      const device = { id: 'phone', key: weak };
      const list = firstList(person, device);
      const reply = await http.post('/v1/accounts', { list, proof: prove(list, device) });
      expect(reply).toMatchObject({ status: 401, body: { error_code: 'INVALID_SIGNATURE' } });
      expect(reply.body.error_message).toContain('/proof/signature');
    });

    test(`as account key: ${name}`, async () => {
      const person = { ...createPerson(), accountKey: weak };
      const device = createDevice();
      const list = firstList(person, device);
      const reply = await http.post('/v1/accounts', { list, proof: prove(list, device) });
      expect(reply).toMatchObject({ status: 401, body: { error_code: 'INVALID_SIGNATURE' } });
      expect(reply.body.error_message).toContain('/list/signature');
    });
  }
});

describe('times', () => {
  const hour = 3600;
  async function enrolAt(times: { list?: number; device?: number; proof?: number }) {
    const person = createPerson();
    const device = createDevice();
    const certificate = certify(person, device, { created_at: nowSeconds() + (times.device ?? 0) });
    const list = firstList(person, device, {
      created_at: nowSeconds() + (times.list ?? 0),
      devices: [certificate],
    });
    return http.post('/v1/accounts', { list, proof: prove(list, device, nowSeconds() + (times.proof ?? 0)) });
  }

  test('clocks within an hour, and proofs within five minutes, are accepted', async () => {
    for (const sign of [-1, 1]) {
      const times = { list: sign * (hour - 10), device: sign * (hour - 10), proof: sign * 290 };
      expect((await enrolAt(times)).status).toBe(201);
    }
  });
  for (const sign of [-1, 1]) {
    const when = sign < 0 ? 'too old' : 'in the future';
    test(`a list, a certificate or a proof ${when} is answered 400 with its path`, async () => {
      const faults = [
        { times: { list: sign * (hour + 10) }, path: '/list/created_at' },
        { times: { device: sign * (hour + 10) }, path: '/list/devices/0/created_at' },
        { times: { proof: sign * 310 }, path: '/proof/timestamp' },
      ];
      for (const { times, path } of faults) {
        const reply = await enrolAt(times);
        expect(reply).toMatchObject({ status: 400, body: { error_code: 'TIMESTAMP_OUT_OF_WINDOW' } });
        expect(reply.body.error_message).toContain(path);
      }
    });
  }
});

describe('a request of another form is answered 400 with the path', () => {
  const person = createPerson();
  const device = createDevice();
  const list = firstList(person, device);
  const proof = prove(list, device);
  const withList = (changes: object) => ({ list: { ...list, ...changes }, proof });
  const withDevice = (changes: object) => withList({ devices: [{ ...list.devices[0], ...changes }] });
  const second = certify(person, createDevice());

  const cases: [path: string, request: unknown][] = [
    ['required', { list }],
    ['required', { proof }],
    ['additionalProperties', { list, proof, more: 1 }],
    ['/list additionalProperties', withList({ note: 'unsigned' })],
    ['/list additionalProperties', withList({ previous_sha256: base64(Buffer.alloc(32)) })],
    ['/list/devices/0 additionalProperties', withDevice({ note: 'unsigned' })],
    ['/proof additionalProperties', { list, proof: { ...proof, note: 1 } }],
    ['/list/version', withList({ version: 2 })],
    ['/list/version', withList({ version: '1' })],
    ['/list/devices', withList({ devices: [] })],
    ['/list/devices', withList({ devices: [list.devices[0], second] })],
    ['/list/user_id', withList({ user_id: 'c_conversation' })],
    ['/list/user_id', withList({ user_id: 'a b' })],
    ['/list/user_id', withList({ user_id: 'u'.repeat(65) })],
    ['/list/user_id', withList({ user_id: null })],
    ['/list/account_key', withList({ account_key: base64(Buffer.alloc(31)) })],
    ['/list/account_key', withList({ account_key: base64(Buffer.alloc(33)) })],
    ['/list/account_key', withList({ account_key: list.account_key.replace('=', '') })],
    ['/list/signature', withList({ signature: base64(Buffer.alloc(63)) })],
    ['/list/created_at', withList({ created_at: list.created_at + 0.5 })],
    ['/list/devices/0/public_key', withDevice({ public_key: base64(Buffer.alloc(16)) })],
    [
      '/list/devices/0/public_key',
      withDevice({ public_key: `${list.devices[0]!.public_key.slice(0, -2)}9=` }),
    ],
    ['/list/devices/0/device_id', withDevice({ device_id: 'a:b' })],
    ['/proof/timestamp', { list, proof: { ...proof, timestamp: -1 } }],
    ['/proof/signature', { list, proof: { ...proof, signature: 'AAAA' } }],
    ['json', 'no json'],
    ['json', '[]'],
    ['duplicate key', `{"list":{},"list":{},"proof":{}}`],
    ['key', `{"list":{"__proto__":{}},"proof":{}}`],
    ['depth', '['.repeat(20)],
  ];
  for (const [path, request] of cases) {
    test(`${path}: ${JSON.stringify(request).slice(0, 40)}…`, async () => {
      const reply = await http.post('/v1/accounts', request);
      expect(reply).toMatchObject({
        status: 400,
        body: { type: 'error', code: 1000, error_code: 'INVALID_MESSAGE_FORMAT' },
      });
      expect(reply.body.error_message).toContain(path);
    });
  }

  test('a body above 64 KiB is refused unread', async () => {
    const reply = await http.post('/v1/accounts', { list, proof, more: 'x'.repeat(70_000) });
    expect(reply).toMatchObject({ status: 413, body: { error_code: 'FRAME_TOO_LARGE' } });
  });
  test('an empty body is refused', async () => {
    const reply = await http.post('/v1/accounts', '');
    expect(reply).toMatchObject({ status: 400, body: { error_code: 'INVALID_MESSAGE_FORMAT' } });
  });
  test('other paths do not exist', async () => {
    const reply = await http.post('/v1/accounts/x/device-list', {});
    expect(reply).toMatchObject({ status: 404, body: { type: 'error' } });
  });
  test('and none of it was stored', async () => expect(await accountsNamed(person.id)).toBe(0));
});

describe('the rate limit', () => {
  function enrolOn(api: TestHttp, from: { address: string; forwardedFor?: string }) {
    const person = createPerson();
    const device = createDevice();
    const list = firstList(person, device);
    return api.post('/v1/accounts', { list, proof: prove(list, device) }, from);
  }

  test('refuses with 429, says when to come back, and tells addresses apart', async () => {
    const limited = openTestHttp(database.url, { enrolmentsPerMinute: 2 });
    try {
      expect((await enrolOn(limited, { address: '10.0.0.1' })).status).toBe(201);
      expect((await enrolOn(limited, { address: '10.0.0.1', forwardedFor: '10.0.0.9' })).status).toBe(201);
      const refused = await enrolOn(limited, { address: '10.0.0.1', forwardedFor: '10.0.0.8' });
      expect(refused).toMatchObject({
        status: 429,
        body: { type: 'error', code: 1004, error_code: 'RATE_LIMITED', scope: 'client_address' },
      });
      expect(refused.body.retry_after_ms).toBeGreaterThan(25_000);
      expect(Number(refused.headers['retry-after'])).toBe(Math.ceil(refused.body.retry_after_ms! / 1000));
      expect((await enrolOn(limited, { address: '10.0.0.2' })).status).toBe(201);
      expect(await limited.metrics()).toContain('enrolments_total{kind="account",outcome="rate_limited"} 1');
    } finally {
      await limited.close();
    }
  });

  test('looks behind a proxy that is trusted, and no further', async () => {
    const limited = openTestHttp(database.url, { enrolmentsPerMinute: 1, trustedProxies: ['10.0.0.0/8'] });
    try {
      const proxy = '10.0.0.1';
      expect((await enrolOn(limited, { address: proxy, forwardedFor: '192.0.2.1' })).status).toBe(201);
      expect((await enrolOn(limited, { address: proxy, forwardedFor: '192.0.2.2' })).status).toBe(201);
      const invented = '198.51.100.1, 192.0.2.1';
      expect((await enrolOn(limited, { address: proxy, forwardedFor: invented })).status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});

test('enrolments are counted by outcome, without anybody’s name', async () => {
  const text = await http.metrics();
  for (const outcome of ['created', 'repeated', 'conflict', 'bad_form', 'bad_signature', 'bad_time']) {
    expect(text).toMatch(new RegExp(`enrolments_total\\{kind="account",outcome="${outcome}"\\} [1-9]`));
  }
  const own = text.split('\n').filter((line) => line.startsWith('securechat_'));
  expect(own.join('\n').replaceAll('device_list', '')).not.toMatch(/user_|device_/);
});
