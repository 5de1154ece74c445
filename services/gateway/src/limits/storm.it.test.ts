import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  alice,
  createSelfSigned,
  openTestRedis,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';

const PER_SECOND = 5;
const STORM = 40;

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  far.enrol(alice.id, alice.device(0));
  gateway = await startGateway({
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_HANDSHAKES_PER_SECOND: String(PER_SECOND),
  });
});
afterEach(() => {
  for (const client of open.splice(0)) client.destroy();
});
afterAll(async () => {
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

const handshakes = () => gateway.metric('connections_opened_total');

/** The answer to an upgrade request. */
async function upgrade(): Promise<{ status: number; retryAfter: number; body: string }> {
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': 'scht.v1',
  };
  const asked = request({ host: '127.0.0.1', port: gateway.wsPort, path: '/v1/ws', headers }).end();
  const answered = Promise.withResolvers<{ status: number; retryAfter: number; body: string }>();
  asked.on('error', answered.reject);
  asked.on('upgrade', (_response, socket) => {
    socket.destroy();
    answered.resolve({ status: 101, retryAfter: 0, body: '' });
  });
  asked.on('response', async (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(response, 'end');
    const retryAfter = Number(response.headers['retry-after']);
    answered.resolve({
      status: response.statusCode ?? 0,
      retryAfter,
      body: Buffer.concat(chunks).toString(),
    });
  });
  return answered.promise;
}

test('a storm of WebSockets is refused with 503 and a time of its own for each, and those within are not disturbed', async () => {
  const within = await RawClient.connect(gateway.websocket);
  open.push(within);
  await within.login({ person: alice, device: alice.device(0) });
  const before = await handshakes();
  const startedMs = performance.now();
  const answers = await Promise.all(Array.from({ length: STORM }, upgrade));
  const seconds = Math.ceil((performance.now() - startedMs) / 1000);

  const refused = answers.filter(({ status }) => status === 503);
  expect(answers.every(({ status }) => status === 503 || status === 101)).toBe(true);
  expect((await handshakes()) - before).toBeLessThanOrEqual(PER_SECOND * (1 + seconds));
  expect(refused.length).toBeGreaterThan(STORM / 2);
  const hints = refused.map(
    ({ body }) => JSON.parse(body) as { code: number; scope: string; retry_after_ms: number },
  );
  expect(hints.every(({ code, scope }) => code === 2002 && scope === 'handshakes')).toBe(true);
  expect(new Set(hints.map(({ retry_after_ms }) => retry_after_ms)).size).toBeGreaterThan(hints.length / 2);
  for (const [n, { retryAfter }] of refused.entries())
    expect(retryAfter).toBe(Math.ceil((hints[n]?.retry_after_ms ?? 0) / 1000));

  within.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await within.next('pong');
  expect(await gateway.metric('limits_hit_total', { limit: 'handshakes_per_second' })).toBe(refused.length);
});

test('a storm over TCP is told 2002 and 4006 with the time to come back, and then may come', async () => {
  const clients = await Promise.all(Array.from({ length: STORM }, () => RawClient.connect(gateway.tcp)));
  open.push(...clients);
  const told = await until('most are turned away', () => {
    const errors = clients.filter(({ queue }) => queue[0]?.name === 'error');
    return errors.length > STORM / 2 && errors;
  });
  for (const client of told) {
    const error = await client.next('error');
    expect(error).toMatchObject({ code: 2002, error_code: 'SERVER_UNAVAILABLE', scope: 'handshakes' });
    expect(await client.next('goaway')).toMatchObject({
      code: 4006,
      reconnect_after_ms: error.retry_after_ms,
    });
    expect((await client.end()).code).toBe(4006);
  }
  for (const client of open.splice(0)) client.destroy();
  const later = await until('there is room again', async () => {
    const client = await RawClient.connect(gateway.tcp);
    open.push(client);
    return client.login({ person: alice, device: alice.device(0) }).catch(() => undefined);
  });
  expect(later.ready.type).toBe('session_ready');
});

describe('one address', () => {
  const MOST = 3;
  const KNOCKS = 40;
  const EVE = '127.0.0.2';
  const { certificate, key } = createSelfSigned();
  const folder = mkdtempSync(join(tmpdir(), 'gateway-storm-'));
  let others = 2;
  let gateways: { plain: TestGateway; TLS: TestGateway };

  beforeAll(async () => {
    writeFileSync(join(folder, 'cert.pem'), certificate);
    writeFileSync(join(folder, 'key.pem'), key);
    const env = {
      REDIS_URL: store.url,
      STREAM_PREFIX: store.prefix,
      GATEWAY_CONNECTIONS_PER_IP: String(MOST),
      GATEWAY_HANDSHAKES_PER_SECOND: '8',
    };
    const tls = {
      GATEWAY_TLS_CERT_FILE: join(folder, 'cert.pem'),
      GATEWAY_TLS_KEY_FILE: join(folder, 'key.pem'),
    };
    gateways = { plain: await startGateway(env), TLS: await startGateway({ ...env, ...tls }) };
  });
  afterAll(async () => {
    for (const one of Object.values(gateways ?? {})) await one.stop();
    rmSync(folder, { recursive: true });
  });

  const doors = [
    ['websocket', 'plain'],
    ['tcp', 'plain'],
    ['websocket', 'TLS'],
    ['tcp', 'TLS'],
  ] as const;
  type Door = (typeof doors)[number];

  async function come([kind, security]: Door, localAddress: string): Promise<RawClient> {
    const tls = security === 'TLS' ? { tls: { ca: certificate } } : {};
    const client = await RawClient.connect({ ...gateways[security][kind], ...tls, via: { localAddress } });
    open.push(client);
    return client;
  }
  const stormsRefused = (door: Door) =>
    gateways[door[1]].metric('limits_hit_total', { limit: 'handshakes_per_second' });
  /** A client from an address that has taken nothing yet. */
  async function expectLetIn(door: Door): Promise<void> {
    const client = await come(door, `127.0.0.${++others}`);
    await client.login({ person: alice, device: alice.device(0) });
  }
  const nobodyIsHere = (door: Door) =>
    until('nobody is here', async () => (await gateways[door[1]].metric('connections_count')) === 0);

  test.each(doors)('that is full uses up nothing of what all have together: %s, %s', async (...door) => {
    await nobodyIsHere(door);
    await until('it is full', async () => {
      if ((await gateways[door[1]].metric('connections_count')) === MOST) return true;
      return (await come(door, EVE).catch(() => undefined)) && false;
    });
    const refusedBefore = await stormsRefused(door);
    for (let n = 0; n < KNOCKS; n++) await (await come(door, EVE).catch(() => undefined))?.end();
    expect(await stormsRefused(door)).toBe(refusedBefore);
    await expectLetIn(door);
  });

  test.each(doors)('that comes and goes leaves others in: %s, %s', async (...door) => {
    await nobodyIsHere(door);
    const refusedBefore = await stormsRefused(door);
    const knock = async () => (await come(door, EVE).catch(() => undefined))?.destroy();
    await until('it is refused', async () => {
      await knock();
      return (await stormsRefused(door)) > refusedBefore;
    });
    await expectLetIn(door);
  });
});
