import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createSigningKey } from '@securechat/crypto/sign';
import { encodeFrame } from '@securechat/protocol';
import {
  alice,
  authFor,
  bob,
  type Device,
  helloOf,
  type LoginOptions,
  LoginRefused,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  gateway = await startGateway({ REDIS_URL: store.url, STREAM_PREFIX: store.prefix });
  for (const person of [alice, bob]) for (const device of person.devices) far.enrol(person.id, device);
});
afterEach(async () => {
  far.onAuth = (ask) => far.answerAuth(ask);
  for (const client of open.splice(0)) client.destroy();
  await until('all connections are gone', async () => (await gateway.metric('connections_count')) === 0);
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

async function connect(kind: 'websocket' | 'tcp' = 'websocket'): Promise<RawClient> {
  const client = await RawClient.connect(gateway[kind]);
  open.push(client);
  return client;
}

const as = (person: Person, device = 0): LoginOptions => ({
  person,
  device: person.device(device),
  serviceKey: far.serviceKey.publicKey,
});

async function refusalOf(client: RawClient, options: LoginOptions) {
  const error: unknown = await client.login(options).catch((reason: unknown) => reason);
  if (!(error instanceof LoginRefused)) throw new Error('the login was not refused', { cause: error });
  return { answer: error.answer, end: await client.end() };
}

const askedLogins = () => far.asked.filter((ask) => ask.kind === 'login').length;

describe.each(['websocket', 'tcp'] as const)('over %s', (kind) => {
  test('both sides prove themselves, and the session is usable', async () => {
    const client = await connect(kind);
    const { serverHello, ready } = await client.login(as(alice));
    expect(serverHello).toMatchObject({
      version: '1.0',
      server_id: 'gateway',
      capabilities: ['message_relay', 'offline_storage'],
      encoding: 'json',
      limits: {
        messages_per_minute: 100,
        group_operations_per_minute: 10,
        connections_per_user: 5,
        blocked_users: 10_000,
        unacked_window: 256,
        max_chat_bytes: 65_536,
      },
    });
    // at least 128 random bits
    expect(serverHello.session_id).toMatch(/^session_[A-Za-z0-9_-]{24}$/);
    expect(ready).toMatchObject({ session_id: serverHello.session_id, heartbeat_interval_ms: 30_000 });
    expect(ready.retry_policy).toMatchObject({ max_retries: 3, backoff_multiplier: 2 });
    client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
    expect((await client.next('pong')).sequence).toBe(1);
  });

  test('a refused login is answered with 1001 and ended with 4501', async () => {
    const { answer, end } = await refusalOf(await connect(kind), as(personNamed('nobody')));
    expect(answer).toMatchObject({ code: 1001, error_code: 'AUTHENTICATION_FAILED' });
    expect(end).toEqual({ code: 4501, reason: 'the login was refused' });
  });
});

describe('a login is refused', () => {
  const stranger = personNamed('stranger');
  const foreignKey: Device = {
    ...alice.device(0),
    key: stranger.device(0).key,
    publicKey: stranger.device(0).publicKey,
  };

  const cases: [string, () => LoginOptions][] = [
    ['of an unknown user', () => as(stranger)],
    ['with a key that is not the device’s', () => ({ ...as(alice), device: foreignKey })],
    [
      'with the key of another device of the user',
      () => ({ ...as(alice), overrides: { device_id: 'laptop' } }),
    ],
    ['in the name of somebody else', () => ({ ...as(bob), overrides: { user_id: 'alice' } })],
    [
      'with a key that was announced but is not held',
      () => ({ ...as(bob), overrides: { user_id: 'alice', public_key: alice.device(0).publicKey } }),
    ],
    [
      'when the proof is under the server’s label',
      () => ({ ...as(alice), tamper: { context: 'server-auth' } }),
    ],
    [
      'when the proof is of zeros',
      () => ({
        ...as(alice),
        tamper: { auth: (auth) => ({ ...auth, signature: Buffer.alloc(64).toString('base64') }) },
      }),
    ],
    ...(['user_id', 'device_id', 'challenge', 'resume'] as const).map(
      (field): [string, () => LoginOptions] => [
        `when the client has signed another ${field} than it sent`,
        () => ({
          ...as(alice),
          tamper: {
            signed: (client, server) => ({
              client: {
                ...client,
                [field]: field === 'challenge' ? Buffer.alloc(32, 1).toString('base64') : 'other',
              },
              server,
            }),
          },
        }),
      ],
    ),
    ...(['server_id', 'session_id', 'version', 'timestamp', 'limits', 'capabilities'] as const).map(
      (field): [string, () => LoginOptions] => [
        `when the client has seen another ${field} than the server sent`,
        () => ({
          ...as(alice),
          tamper: {
            signed: (client, server) => ({
              client,
              server: {
                ...server,
                [field]:
                  { timestamp: 1, limits: { messages_per_minute: 1 }, capabilities: [] }[field as 'limits'] ??
                  'x',
              },
            }),
          },
        }),
      ],
    ),
  ];

  test('always alike: same answer, same end, and no more is said', async () => {
    const answers = new Set<string>();
    for (const [what, options] of cases) {
      const client = await connect();
      const { answer, end } = await refusalOf(client, options());
      answers.add(JSON.stringify({ answer, end }));
      expect({ what, code: answer.code, end: end.code }).toEqual({ what, code: 1001, end: 4501 });
      expect(client.queue).toEqual([]);
    }
    expect(answers.size).toBe(1);
    expect(cases).toHaveLength(17);
  });
});

test('without a proof of the key auth is never asked', async () => {
  const before = askedLogins();
  const tamper: LoginOptions['tamper'] = { context: 'server-auth' };
  await refusalOf(await connect(), { ...as(alice), tamper });
  expect(askedLogins()).toBe(before);
  expect(await gateway.metric('logins_refused_total', { step: 'proof' })).toBeGreaterThan(0);
});

test('a proof that was recorded is worth nothing on another connection', async () => {
  const first = await connect();
  const recorded = await first.login(as(alice));
  const second = await connect();
  second.send('client_hello', recorded.hello);
  const serverHello = await second.next('server_hello');
  expect(serverHello.server_challenge).not.toBe(recorded.serverHello.server_challenge);
  expect(serverHello.session_id).not.toBe(recorded.serverHello.session_id);
  second.send('client_auth', recorded.auth);
  expect((await second.next('error')).code).toBe(1001);
  expect((await second.end()).code).toBe(4501);
});

test('a second proof on one connection is refused: a challenge is good for one', async () => {
  const client = await connect();
  const { auth } = await client.login(as(alice));
  client.send('client_auth', auth);
  expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'UNEXPECTED_MESSAGE' });
});

test('a client that pins another service key does not accept this server', async () => {
  const client = await connect();
  const attempt = client.login({ ...as(alice), serviceKey: createSigningKey().publicKey });
  await expect(attempt).rejects.toThrow('the server could not prove itself');
});

test('frames sent behind the proof are dealt with once the session is there, in order', async () => {
  const client = await connect();
  const options = as(alice);
  const hello = helloOf(options);
  client.send('client_hello', hello);
  const auth = authFor(options, hello, await client.next('server_hello'));
  client.send('client_auth', auth);
  for (const sequence of [1, 2, 3]) client.send('ping', { type: 'ping', timestamp: 0, sequence });
  expect((await client.nextOfAny()).name).toBe('session_ready');
  for (const sequence of [1, 2, 3]) expect((await client.next('pong')).sequence).toBe(sequence);
});

test('a device that logs in again replaces its older connection, which is told not to come back', async () => {
  const older = await connect();
  await older.login(as(alice));
  const newer = await connect('tcp');
  await newer.login(as(alice));
  expect(await older.end()).toEqual({ code: 4504, reason: 'a newer connection of this device took over' });
  newer.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await newer.next('pong');
});

test('the sixth device of a user is refused with 1004 and 4429; the others stay', async () => {
  const many = personNamed('many', { devices: 6 });
  for (const device of many.devices) far.enrol(many.id, device);
  const five = [];
  for (let n = 0; n < 5; n++) {
    const client = await connect(n % 2 === 0 ? 'websocket' : 'tcp');
    await client.login(as(many, n));
    five.push(client);
  }
  const { answer, end } = await refusalOf(await connect(), as(many, 5));
  expect(answer).toMatchObject({
    code: 1004,
    error_code: 'RATE_LIMITED',
    scope: 'user_connections',
    limit: 5,
  });
  expect(answer.retry_after_ms).toBeGreaterThanOrEqual(60_000);
  expect(end.code).toBe(4429);
  for (const client of five) {
    client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
    await client.next('pong');
  }

  five[0]?.close();
  await five[0]?.end();
  await until('there is room for another device', async () => {
    const client = await connect();
    return client.login(as(many, 5)).then(
      () => true,
      () => false,
    );
  });
});

describe('with a resume ticket', () => {
  /** Auth must not be needed, so it does not answer. */
  const silenceAuth = () => {
    far.onAuth = () => undefined;
  };

  test('the login needs no auth, and the ticket stays good', async () => {
    const first = await connect();
    const { ready } = await first.login(as(alice));
    silenceAuth();
    const before = askedLogins();
    const again = await connect();
    const resumed = await again.login({ ...as(alice), ticket: ready.resume_ticket });
    expect(resumed.ready).toMatchObject({
      resume_ticket: ready.resume_ticket,
      resume_expires_at: ready.resume_expires_at,
    });
    expect(askedLogins()).toBe(before);
    expect(await gateway.metric('logins_total', { by: 'ticket' })).toBeGreaterThan(0);
  });

  test('it is no bearer token: without the device key it is worth nothing', async () => {
    const ticket = far.ticketFor(alice.id, alice.device(0));
    const thief = personNamed('thief');
    const stolen = { ...as(thief), ticket, overrides: { user_id: alice.id, device_id: alice.device(0).id } };
    expect((await refusalOf(await connect(), stolen)).end.code).toBe(4501);
    const announced = { ...stolen.overrides, public_key: alice.device(0).publicKey };
    expect((await refusalOf(await connect(), { ...stolen, overrides: announced })).end.code).toBe(4501);
  });

  test.each([
    ['of another user', () => far.ticketFor(bob.id, bob.device(0))],
    ['of another device', () => far.ticketFor(alice.id, alice.device(1))],
    [
      'that has expired',
      () => far.ticketFor(alice.id, alice.device(0), { expires_at: Math.floor(Date.now() / 1000) }),
    ],
    [
      'that nobody we know has signed',
      () => far.ticketFor(alice.id, alice.device(0), { key: createSigningKey() }),
    ],
    ['that is none', () => 'aaaa.bbbb'],
  ])('a ticket %s does not log in by itself: auth is asked', async (_, ticket) => {
    const before = askedLogins();
    const client = await connect();
    await client.login({ ...as(alice), ticket: ticket() });
    expect(askedLogins()).toBe(before + 1);
  });
});

test('auth that is silent: 2002 and 4006 within the deadline, and what is sent meanwhile changes nothing', async () => {
  far.onAuth = () => undefined;
  const client = await connect();
  const startedMs = performance.now();
  const attempt = client.login({ ...as(alice), deadlineMs: 9000 });
  const refused: unknown = await attempt.catch((reason: unknown) => reason);
  expect((refused as LoginRefused).answer).toMatchObject({
    code: 2002,
    error_code: 'SERVER_UNAVAILABLE',
    retry_after_ms: 2000,
  });
  expect((await client.end()).code).toBe(4006);
  expect(performance.now() - startedMs).toBeGreaterThan(4500);
  expect(performance.now() - startedMs).toBeLessThan(8000);
}, 15_000);

test('a hello of a protocol version that is not served is told which ones are', async () => {
  const client = await connect();
  client.send('client_hello', { ...helloOf(as(alice)), version: '2.0' });
  expect(await client.next('error')).toMatchObject({
    error_code: 'UNSUPPORTED_VERSION',
    supported_versions: ['1.0'],
  });
  expect((await client.end()).code).toBe(4503);
});

test.each([
  ['a challenge of 31 bytes', { challenge: Buffer.alloc(31).toString('base64') }],
  ['a challenge of 33 bytes', { challenge: Buffer.alloc(33).toString('base64') }],
  ['a key that is no base64', { public_key: `${'A'.repeat(42)}-_` }],
  ['a user id that names a conversation', { user_id: 'c_0123456789abcdef' }],
  ['another encoding', { encoding: 'cbor' as 'json' }],
])('a hello with %s is refused with 1000', async (_, overrides) => {
  const client = await connect();
  client.sendAny(0x0001, { ...helloOf(as(alice)), ...overrides });
  expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'INVALID_MESSAGE_FORMAT' });
  expect((await client.end()).code).toBe(4502);
});

test('unknown members and capabilities in a hello are let be', async () => {
  const client = await connect();
  const options = {
    ...as(alice),
    capabilities: ['groups', 'time_travel'],
    overrides: { colour: 'blue' } as object,
  };
  await client.login(options);
});

describe.each(['websocket', 'tcp'] as const)('before the login is over, over %s', (kind) => {
  test.each([
    'ping',
    'resume',
    'sync',
    'ack',
    'receipt',
    'chat',
    'group_create',
    'device_list',
    'client_auth',
  ])('%s is refused and ends the connection', async (name) => {
    const client = await connect(kind);
    const ids = {
      ping: 5,
      resume: 0x304,
      sync: 0x305,
      ack: 0x302,
      receipt: 0x303,
      chat: 0x301,
      client_auth: 3,
    };
    const id = { ...ids, group_create: 0x401, device_list: 0x101 }[name as 'ping'];
    client.sendAny(id, { type: name });
    expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'UNEXPECTED_MESSAGE' });
    expect((await client.end()).code).toBe(4502);
  });

  test('a frame of more than 4 KiB is refused from its header alone', async () => {
    const client = await connect(kind);
    const whole = encodeFrame(0x0001, Buffer.alloc(4 * 1024 + 1, ' '));
    client.sendFrame(kind === 'tcp' ? whole.subarray(0, 12) : whole);
    expect(await client.next('error')).toMatchObject({ error_code: 'FRAME_TOO_LARGE', limit: 4096 });
    expect((await client.end()).code).toBe(4502);
  });
});
