import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  alice,
  createSelfSigned,
  openTestRedis,
  RawClient,
  type RawTarget,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';
import { proxyHeader } from '../testing/proxy-header.ts';

const MOST = 2;
/** On the loopback network, where a client can choose its address: one is the proxy's, the others are strangers'. */
const PROXY = '127.0.0.1';
const STRANGER = '127.0.0.2';
const CLIENT = '192.0.2.7';
const PAGE = 'https://chat.example.com';

const { certificate, key } = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gateway-entrance-'));
let store: TestRedis;
let far: FarServices;
/** Behind a pass-through proxy: without TLS, and with. */
let passed: TestGateway;
let passedTls: TestGateway;
/** Behind an HTTP proxy. */
let spoken: TestGateway;
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  far.enrol(alice.id, alice.device(0));
  writeFileSync(join(folder, 'cert.pem'), certificate);
  writeFileSync(join(folder, 'key.pem'), key);
  const env = {
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_TRUSTED_PROXIES: PROXY,
    GATEWAY_CONNECTIONS_PER_IP: String(MOST),
    ALLOWED_ORIGINS: `${PAGE},http://localhost:*`,
  };
  const proxied = { ...env, GATEWAY_WS_PROXY_PROTOCOL: 'true', GATEWAY_TCP_PROXY_PROTOCOL: 'true' };
  const tls = {
    GATEWAY_TLS_CERT_FILE: join(folder, 'cert.pem'),
    GATEWAY_TLS_KEY_FILE: join(folder, 'key.pem'),
  };
  passed = await startGateway(proxied);
  passedTls = await startGateway({ ...proxied, ...tls });
  spoken = await startGateway(env);
});
afterEach(async () => {
  for (const client of open.splice(0)) client.destroy();
  await until('nobody is counted', async () => (await countedAddresses()).length === 0);
});
afterAll(async () => {
  for (const gateway of [passed, passedTls, spoken]) await gateway?.stop();
  await far?.stop();
  await store?.close();
  rmSync(folder, { recursive: true });
});

type Kind = 'websocket' | 'tcp';
type Via = NonNullable<RawTarget['via']>;

async function come(gateway: TestGateway, kind: Kind, via: Via): Promise<RawClient> {
  const tls = gateway === passedTls ? { tls: { ca: certificate } } : {};
  const client = await RawClient.connect({ ...gateway[kind], ...tls, via });
  open.push(client);
  return client;
}

/** True when the client may log in; false when it is turned away in any manner. */
async function isServed(gateway: TestGateway, kind: Kind, via: Via): Promise<boolean> {
  const client = await come(gateway, kind, via).catch(() => undefined);
  const login = client?.login({ person: alice, device: alice.device(0) });
  return (await login?.catch(() => undefined)) !== undefined;
}

/** Addresses with connections now, as counted across all gateways. */
async function countedAddresses(): Promise<string[]> {
  const keys = await store.redis.keys(`${store.prefix}:{ip.*}:connections`);
  const counted = await Promise.all(
    keys.map(async (key) => {
      const counts = await store.redis.hvals(key);
      return counts.every((count) => count.startsWith('0@')) ? [] : [/\{ip\.(.*)\}/.exec(key)?.[1] ?? key];
    }),
  );
  return counted.flat().sort();
}

describe.each([
  ['websocket', 'plain'],
  ['tcp', 'plain'],
  ['websocket', 'TLS'],
  ['tcp', 'TLS'],
] as const)('the PROXY protocol before %s, %s', (kind, security) => {
  const gateway = () => (security === 'TLS' ? passedTls : passed);
  const from = (source: string) => ({ localAddress: PROXY, preface: proxyHeader({ source }) });

  test('from a trusted proxy tells the address that counts', async () => {
    for (const source of [CLIENT, '2001:db8:1:2:3:4:5:6'])
      expect(await isServed(gateway(), kind, from(source))).toBe(true);
    // a device has one connection: the first has been replaced, and its socket may be closing
    await until('both are told apart', async () => (await countedAddresses()).includes('2001:db8:1:2::/64'));
    expect(await countedAddresses()).not.toContain(PROXY);
  });

  test('gives each client of a proxy its own places, and no more', async () => {
    for (let n = 0; n < MOST; n++) await come(gateway(), kind, from(CLIENT));
    await until('they are counted', async () => (await countedAddresses()).includes(CLIENT));
    await until('all', async () => (await gateway().metric('connections_count')) === MOST);
    expect(await isServed(gateway(), kind, from(CLIENT))).toBe(false);
    expect(await isServed(gateway(), kind, from('192.0.2.8'))).toBe(true);
  });

  test('from anyone else is no protocol that is spoken here', async () => {
    const via = { localAddress: STRANGER, preface: proxyHeader({ source: CLIENT }) };
    expect(await isServed(gateway(), kind, via)).toBe(false);
    expect(await countedAddresses()).not.toContain(CLIENT);
  });

  test('is not asked of anyone else', async () => {
    expect(await isServed(gateway(), kind, { localAddress: STRANGER })).toBe(true);
    expect(await countedAddresses()).toEqual([STRANGER]);
  });

  test('must come from a trusted proxy, and well made', async () => {
    const refused = () => gateway().metric('turned_away_total', { reason: 'proxy_header' });
    const before = await refused();
    const wrong = proxyHeader({ source: CLIENT, family: 0x12 });
    expect(await isServed(gateway(), kind, { localAddress: PROXY })).toBe(false);
    expect(await isServed(gateway(), kind, { localAddress: PROXY, preface: wrong })).toBe(false);
    expect(await refused()).toBe(before + 2);
    expect(await countedAddresses()).toEqual([]);
  });

  test('lets a proxy speak for itself', async () => {
    const own = proxyHeader({ command: 0x20, family: 0 });
    expect(await isServed(gateway(), kind, { localAddress: PROXY, preface: own })).toBe(true);
    expect(await countedAddresses()).toEqual([PROXY]);
  });
});

test('a header may come byte by byte, and with the first frame behind it', async () => {
  const socket = connect({ host: PROXY, port: passed.tcpPort, localAddress: PROXY });
  socket.setNoDelay(true);
  const bytes = Buffer.concat([proxyHeader({ source: CLIENT }), Buffer.from('SCHX')]);
  for (const byte of bytes.subarray(0, -6)) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write(bytes.subarray(-6));
  socket.write(Buffer.alloc(8));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('INVALID_MESSAGE_FORMAT');
  socket.destroy();
});

test('a proxy that begins a header and does not end it is let go', async () => {
  const startedMs = performance.now();
  const ends = [passed.wsPort, passed.tcpPort, passedTls.wsPort].map(async (port) => {
    const socket = connect({ host: PROXY, port, localAddress: PROXY });
    socket.write(proxyHeader({ source: CLIENT }).subarray(0, 20));
    await once(
      socket.resume().on('error', () => undefined),
      'close',
    );
    return performance.now() - startedMs;
  });
  for (const durationMs of await Promise.all(ends)) expect(durationMs).toBeGreaterThan(2_900);
});

describe('X-Forwarded-For', () => {
  const forwarded = (text: string, localAddress = PROXY) => ({
    localAddress,
    headers: { 'x-forwarded-for': text },
  });

  test('from a trusted proxy tells the address that counts: the last that is not a proxy', async () => {
    expect(await isServed(spoken, 'websocket', forwarded(`198.51.100.1, ${CLIENT}, ${PROXY}`))).toBe(true);
    expect(await countedAddresses()).toEqual([CLIENT]);
  });

  test('from anyone else neither makes room for its sender nor takes it from others', async () => {
    for (let n = 0; n < MOST; n++) await come(spoken, 'websocket', forwarded(`198.51.100.${n}`, STRANGER));
    await until('they are counted', async () => (await countedAddresses()).length > 0);
    expect(await countedAddresses()).toEqual([STRANGER]);
    expect(await isServed(spoken, 'websocket', forwarded('198.51.100.9', STRANGER))).toBe(false);
    expect(await isServed(spoken, 'websocket', forwarded('198.51.100.0'))).toBe(true);
  });

  test('that holds no address is not believed', async () => {
    expect(await isServed(spoken, 'websocket', forwarded(`${'x'.repeat(4000)}`))).toBe(true);
    expect(await countedAddresses()).toEqual([PROXY]);
  });

  test('counts for nothing where the PROXY protocol is spoken', async () => {
    const via = { ...forwarded('198.51.100.1'), preface: proxyHeader({ source: CLIENT }) };
    expect(await isServed(passed, 'websocket', via)).toBe(true);
    expect(await countedAddresses()).toEqual([CLIENT]);
  });
});

describe('a page in a browser', () => {
  const statusFor = async (headers: Record<string, string>): Promise<number> => {
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'scht.v1',
    };
    const asked = request({
      host: PROXY,
      port: spoken.wsPort,
      path: '/v1/ws',
      headers: { ...upgrade, ...headers },
    });
    asked.end();
    const result = Promise.withResolvers<number>();
    asked.on('error', result.reject);
    for (const event of ['response', 'upgrade'] as const)
      asked.on(event, (response: { statusCode?: number }) => {
        asked.destroy();
        result.resolve(response.statusCode ?? 0);
      });
    asked.on('upgrade', (_response, socket) => socket.destroy());
    return result.promise;
  };

  test.each([PAGE, 'http://localhost:5173'])('of %s is let in', async (origin) => {
    expect(await statusFor({ origin })).toBe(101);
  });

  test.each(['https://evil.example', `${PAGE}.evil.example`, 'null', ''])(
    'of %j is refused with 403',
    async (origin) => {
      const before = await spoken.metric('turned_away_total', { reason: 'origin' });
      expect(await statusFor({ origin })).toBe(403);
      expect(await spoken.metric('turned_away_total', { reason: 'origin' })).toBe(before + 1);
    },
  );

  test('is told apart from what is no browser', async () => {
    expect(await statusFor({})).toBe(101);
  });
});

test('the PROXY protocol without a proxy to speak it is a fault of the configuration', async () => {
  const env = { REDIS_URL: store.url, STREAM_PREFIX: store.prefix, GATEWAY_TCP_PROXY_PROTOCOL: 'true' };
  await expect(startGateway(env)).rejects.toThrow('GATEWAY_TRUSTED_PROXIES');
});
