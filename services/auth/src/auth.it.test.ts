import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { certificateTranscript } from '@securechat/crypto/challenge';
import { createSigningKey, keyId, signingKeyFromSeed, verifySignature } from '@securechat/crypto/sign';
import { openTicket } from '@securechat/crypto/ticket';
import type { GatewayCertificate, SignedDeviceList } from '@securechat/protocol';
import { until } from '@securechat/testkit';
import { type AuthProcess, startAuthProcess } from './testing/auth-process.ts';
import { openTestGateway, type TestGateway } from './testing/gateway.ts';
import {
  authorize,
  base64,
  createDevice,
  createPerson,
  type Device,
  firstList,
  nextList,
  nowSeconds,
  type Person,
  prove,
} from './testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';

const SEED = Buffer.alloc(32, 42);
const serviceKey = signingKeyFromSeed(SEED);
const serviceKeys = [{ id: keyId(serviceKey.publicKey), public_key: base64(serviceKey.publicKey) }];

let database: OwnDatabase;
let gateway: TestGateway;
let auth: AuthProcess;

beforeAll(async () => {
  [database, gateway] = await Promise.all([createOwnDatabase(), openTestGateway()]);
  auth = await startAuthProcess({
    POSTGRES_URL: database.url,
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    STREAM_PREFIX: gateway.prefix,
    AUTH_SERVICE_KEY: base64(SEED),
    AUTH_ENROLMENTS_PER_MINUTE: '1000',
  });
});
afterAll(async () => {
  await auth?.end('SIGKILL');
  await gateway?.close();
  await database?.drop();
});

async function post(
  path: string,
  list: SignedDeviceList,
  device: Device,
  agreeing?: Device,
): Promise<Response> {
  const authorization = agreeing && authorize(list, agreeing, device);
  return fetch(auth.httpUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ list, proof: prove(list, device), authorization }),
  });
}

async function enrol(): Promise<{ person: Person; device: Device; list: SignedDeviceList }> {
  const person = createPerson();
  const device = createDevice();
  const list = firstList(person, device);
  const response = await post('/v1/accounts', list, device);
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 201,
    body: { user_id: person.id, device_id: device.id },
  });
  return { person, device, list };
}

function loginOf({ person, device }: { person: Person; device: Device }) {
  return {
    kind: 'login',
    user_id: person.id,
    device_id: device.id,
    public_key: base64(device.key.publicKey),
  };
}

async function answerTo(body: unknown): Promise<Record<string, unknown>> {
  const reply = await gateway.ask(body);
  if (!reply) throw new Error(`no reply; the log says:\n${auth.log()}`);
  return JSON.parse(reply.toString()) as Record<string, unknown>;
}

test('since when its key signs is noted when it starts', async () => {
  await until('it is noted', async () => {
    const noted = await database.query<{ id: string }>('SELECT id FROM auth.service_keys');
    return noted.length === 1;
  });
});

test('clients learn which key to pin and what is spoken here', async () => {
  const response = await fetch(`${auth.httpUrl}/.well-known/securechat`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    service_keys: [{ ...serviceKeys[0], state: 'current' }],
    handovers: [],
    enrolment: 'open',
    protocol_versions: ['1.0'],
    frame_versions: [1],
    ws_path: '/v1/ws',
  });
});

describe('certify', () => {
  test('a gateway gets its key certified for a day, with a minute of grace for its clock', async () => {
    const public_key = base64(createSigningKey().publicKey);
    const answer = await answerTo({ kind: 'certify', server_id: gateway.id, public_key });
    const { signature, ...facts } = answer.certificate as GatewayCertificate;
    expect(answer.service_keys).toEqual(serviceKeys);
    expect(facts).toMatchObject({ server_id: gateway.id, public_key, service_key_id: serviceKeys[0]!.id });
    expect(Math.abs(facts.not_before - (nowSeconds() - 60))).toBeLessThan(10);
    expect(facts.not_after - facts.not_before).toBe(86_400 + 60);
    const message = certificateTranscript(facts);
    expect(verifySignature(serviceKey.publicKey, message, Buffer.from(signature, 'base64'))).toBe(true);
  });
});

describe('login', () => {
  test('an active device gets its numbers and a ticket that any gateway can verify', async () => {
    const account = await enrol();
    const answer = await answerTo(loginOf(account));
    expect(answer).toEqual({
      ok: true,
      user: expect.any(Number),
      device: expect.any(Number),
      ticket: expect.any(String),
      expires_at: expect.any(Number),
      keys: { count: 0, last_resort: false, low_water: 10 },
    });
    const keys = new Map([[serviceKeys[0]!.id, serviceKey.publicKey]]);
    const ticket = openTicket(answer.ticket as string, keys, nowSeconds());
    expect(ticket).toMatchObject({
      user_id: account.person.id,
      device_id: account.device.id,
      public_key: base64(account.device.key.publicKey),
      user_ref: answer.user,
      device_ref: answer.device,
      expires_at: answer.expires_at,
    });
    expect(ticket!.expires_at - ticket!.issued_at).toBe(86_400);
    expect((answer.ticket as string).length).toBeLessThanOrEqual(1024);
  });

  test('unknown user, unknown device, wrong key and revoked device get the same bytes', async () => {
    const account = await enrol();
    const revoked = await enrol();
    await database.query('UPDATE auth.devices SET revoked_at = now() WHERE ext_id = $1', [revoked.device.id]);
    const disabled = await enrol();
    await database.query(`UPDATE auth.users SET state = 'disabled' WHERE ext_id = $1`, [disabled.person.id]);

    const good = loginOf(account);
    const replies = [
      await gateway.ask({ ...good, user_id: 'nobody' }),
      await gateway.ask({ ...good, device_id: 'nothing' }),
      await gateway.ask({ ...good, public_key: base64(createSigningKey().publicKey) }),
      await gateway.ask({ ...good, public_key: base64(Buffer.alloc(32)) }),
      await gateway.ask({ ...good, user_id: 'nobody', public_key: base64(Buffer.alloc(32)) }),
      await gateway.ask({
        ...good,
        device_id: revoked.device.id,
        public_key: base64(revoked.device.key.publicKey),
      }),
      await gateway.ask(loginOf(revoked)),
      await gateway.ask(loginOf(disabled)),
    ];
    expect(replies.map(String)).toEqual(replies.map(() => '{"ok":false}'));
    expect((await answerTo(good)).ok).toBe(true);
  });

  test('a second device logs in as itself', async () => {
    const account = await enrol();
    const tablet = createDevice();
    const list = nextList(account.person, account.list, tablet);
    expect(
      (await post(`/v1/accounts/${account.person.id}/devices`, list, tablet, account.device)).status,
    ).toBe(201);
    const [first, second] = [
      await answerTo(loginOf(account)),
      await answerTo(loginOf({ ...account, device: tablet })),
    ];
    expect(second.user).toBe(first.user);
    expect(second.device).not.toBe(first.device);
  });
});

describe('device_list', () => {
  test('is the newest list as it was signed, or null', async () => {
    const { person, device, list } = await enrol();
    expect(await answerTo({ kind: 'device_list', user_id: person.id })).toEqual({ list });
    const tablet = createDevice();
    const next = nextList(person, list, tablet);
    await post(`/v1/accounts/${person.id}/devices`, next, tablet, device);
    expect(await answerTo({ kind: 'device_list', user_id: person.id })).toEqual({ list: next });
    expect(await answerTo({ kind: 'device_list', user_id: 'nobody' })).toEqual({ list: null });
  });
});

describe('what is not answered', () => {
  const NO_REPLY_MS = 300;

  test('an unknown kind, a malformed body, and what is no JSON', async () => {
    const key = base64(createSigningKey().publicKey);
    const bodies = [
      { kind: 'revoke', user_id: 'alice' },
      { kind: 'toString' },
      { kind: 'constructor' },
      { user_id: 'alice' },
      { kind: 'login', user_id: 'alice', device_id: 'phone' },
      { kind: 'login', user_id: 'alice', device_id: 'phone', public_key: key.slice(1) },
      { kind: 'login', user_id: { $ne: '' }, device_id: 'phone', public_key: key },
      { kind: 'certify', server_id: 'a b', public_key: key },
      { kind: 'device_list', user_id: 'a\nb' },
      Buffer.from('no json'),
      Buffer.from([0xff, 0xfe]),
    ];
    const replies = await Promise.all(bodies.map((body) => gateway.ask(body, { waitMs: NO_REPLY_MS })));
    expect(replies).toEqual(bodies.map(() => undefined));
    expect((await answerTo({ kind: 'device_list', user_id: 'nobody' })).list).toBeNull();

    const page = await (await fetch(`${auth.opsUrl}/metrics`)).text();
    const metrics = page
      .split('\n')
      .filter((line) => /_answers_total\{|_count\{/.test(line))
      .join('\n');
    expect(metrics).toMatch(/auth_answers_total\{kind="unknown",outcome="malformed"\} 6/);
    expect(metrics).toMatch(/auth_answers_total\{kind="login",outcome="malformed"\} 3/);
    expect(metrics).toMatch(/auth_answers_total\{kind="login",outcome="ok"\} [1-9]/);
    expect(metrics).toMatch(/auth_answers_total\{kind="login",outcome="refused"\} 8/);
    expect(metrics).toMatch(/auth_answer_duration_seconds_count\{kind="certify"\} [1-9]/);
    expect(auth.log()).toMatch(/"level":"error".*a malformed request: certify/);
  });

  test('a request that is past its deadline', async () => {
    const { person } = await enrol();
    const ask = { kind: 'device_list', user_id: person.id };
    expect(await gateway.ask(ask, { deadlineInMs: -1, waitMs: NO_REPLY_MS })).toBeUndefined();
    expect(await gateway.ask(ask)).toBeDefined();
  });

  test('a gateway that is gone: no stream is made for it', async () => {
    const other = await openTestGateway();
    const request = JSON.stringify({ kind: 'device_list', user_id: 'nobody' });
    const stream = `${gateway.prefix}:{a.0}:req`;
    await gateway.redis.xadd(stream, '*', 'c', 'c1', 'g', other.id, 'd', Date.now() + 5000, 'b', request);
    await answerTo({ kind: 'device_list', user_id: 'nobody' });
    expect(await gateway.redis.exists(`${gateway.prefix}:{g.${other.id}}:out`)).toBe(0);
    await other.close();
  });
});

test('a Redis that lost everything of ours is served again by itself', async () => {
  const account = await enrol();
  expect((await answerTo(loginOf(account))).ok).toBe(true);
  const keys = await gateway.redis.keys(`${gateway.prefix}*`);
  await gateway.redis.unlink(...keys);
  expect((await answerTo(loginOf(account))).ok).toBe(true);
});

test('a client that never finishes its headers is disconnected', async () => {
  const { hostname, port } = new URL(auth.httpUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}).write('POST /v1/accounts HTTP/1.1\r\nhost: x\r\n');
  const trickle = setInterval(() => socket.write('x: y\r\n'), 500);
  const startedMs = performance.now();
  try {
    await once(socket.resume(), 'close');
  } finally {
    clearInterval(trickle);
  }
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test('the log names no key, ticket or signature', async () => {
  const { device, list } = await enrol();
  const log = auth.log();
  for (const secret of [base64(SEED), base64(device.key.publicKey), list.signature, '"ticket":"']) {
    expect(log).not.toContain(secret);
  }
});

test('SIGTERM ends it with 0, and what it had begun is answered', async () => {
  const account = await enrol();
  const inFlight = gateway.ask(loginOf(account), { waitMs: 3000 });
  await gateway.redis.ping();
  expect(await auth.end('SIGTERM')).toBe(0);
  const reply = await inFlight;
  expect(reply === undefined || reply.includes('"ok":true')).toBe(true);
  expect(auth.log()).toMatch(/"exitCode":0,.*service ended/);
  expect(auth.log()).not.toContain('something was left open');
});
