import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
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
import { ALPN, readTls } from './tls.ts';

const MOST = 4;
const { certificate, key } = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
const certFile = join(folder, 'cert.pem');
const keyFile = join(folder, 'key.pem');

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
const open: { destroy(): void }[] = [];

beforeAll(async () => {
  writeFileSync(certFile, certificate);
  writeFileSync(keyFile, key);
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  far.enrol(alice.id, alice.device(0));
  gateway = await startGateway({
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_TLS_CERT_FILE: certFile,
    GATEWAY_TLS_KEY_FILE: keyFile,
    GATEWAY_CONNECTIONS_PER_IP: String(MOST),
  });
});
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy();
  await until('nobody is counted', async () => {
    const counts = await store.redis.hvals(`${store.prefix}:{ip.127.0.0.1}:connections`);
    return counts.every((count) => count.startsWith('0@'));
  });
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  await store?.close();
  rmSync(folder, { recursive: true });
});

type Kind = 'websocket' | 'tcp';

async function connectClient(kind: Kind): Promise<RawClient> {
  const target = kind === 'tcp' ? gateway.tcp : { url: `wss://127.0.0.1:${gateway.wsPort}/v1/ws` };
  const client = await RawClient.connect({ ...target, tls: { ca: certificate } });
  open.push(client);
  return client;
}

/** What the handshake comes to: the protocol, or the reason why there is none. */
async function handshake(
  port: number,
  options: object,
): Promise<{ protocol?: string; alpn?: unknown; error?: string }> {
  const { promise, resolve } = Promise.withResolvers<{ protocol?: string; alpn?: unknown; error?: string }>();
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: certificate,
    ...options,
  });
  open.push(socket);
  socket.once('error', ({ message }) => resolve({ error: message }));
  socket.once('close', () => resolve({ error: 'closed' }));
  socket.once('secureConnect', () => {
    resolve({ protocol: socket.getProtocol() ?? '', alpn: socket.alpnProtocol });
  });
  return promise;
}

describe.each(['websocket', 'tcp'] as const)('over %s', (kind) => {
  const port = () => (kind === 'tcp' ? gateway.tcpPort : gateway.wsPort);
  const names = kind === 'tcp' ? [ALPN] : ['http/1.1'];

  test('TLS 1.3 is spoken, and a login works', async () => {
    expect(await handshake(port(), { ALPNProtocols: names })).toMatchObject({ protocol: 'TLSv1.3' });
    const client = await connectClient(kind);
    await client.login({ person: alice, device: alice.device(0), serviceKey: far.serviceKey.publicKey });
    client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
    await client.next('pong');
  });

  test.each(['TLSv1.2', 'TLSv1.1'])('%s is refused', async (maxVersion) => {
    const { error, protocol } = await handshake(port(), {
      ALPNProtocols: names,
      minVersion: 'TLSv1.1',
      maxVersion,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(protocol).toBeUndefined();
    expect(error).toMatch(/version|unsupported/i);
  });

  test('plain bytes are not answered', async () => {
    const target = kind === 'tcp' ? gateway.tcp : { url: `ws://127.0.0.1:${gateway.wsPort}/v1/ws` };
    const attempt = RawClient.connect(target).then((client) => {
      client.sendAny(0x0001, { type: 'client_hello' });
      return client.end();
    });
    expect(await attempt.catch(() => ({ code: 1006 }))).toMatchObject({ code: 1006 });
  });

  test('an address that has all its places is cut off before any TLS work', async () => {
    for (let n = 0; n < MOST; n++) await connectClient(n % 2 === 0 ? 'websocket' : 'tcp');
    await until('all are counted', async () => (await gateway.metric('connections_count')) === MOST);
    const { error } = await handshake(port(), { ALPNProtocols: names });
    expect(error).toBeDefined();
    expect(await gateway.metric('limits_hit_total', { limit: 'connections_per_address' })).toBeGreaterThan(0);
    expect(await gateway.metric('connections_count')).toBe(MOST);
  });
});

describe('on TCP the name of the protocol is required', () => {
  test('it is chosen when it is among those offered', async () => {
    expect(await handshake(gateway.tcpPort, { ALPNProtocols: ['h2', ALPN] })).toMatchObject({ alpn: ALPN });
  });

  test.each([
    ['another name', { ALPNProtocols: ['h2', 'http/1.1'] }],
    ['no name', {}],
  ])('a client that offers %s is not served', async (_, options) => {
    const before = await gateway.metric('connections_opened_total', { transport: 'tcp' });
    const socket = connect({
      port: gateway.tcpPort,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: certificate,
      ...options,
    });
    open.push(socket);
    await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    expect(await gateway.metric('connections_opened_total', { transport: 'tcp' })).toBe(before);
  });
});

test('certificate and key go together', () => {
  expect(readTls(undefined, undefined)).toBeUndefined();
  expect(() => readTls(certFile, undefined)).toThrow('set both or neither');
  expect(() => readTls(undefined, keyFile)).toThrow('set both or neither');
  expect(() => readTls(join(folder, 'missing.pem'), keyFile)).toThrow('ENOENT');
  expect(readTls(certFile, keyFile)).toMatchObject({ minVersion: 'TLSv1.3' });
});
