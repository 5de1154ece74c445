import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
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
import { ALPN, openCertificate } from './tls.ts';

const MOST = 4;
const { certificate, key } = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
/** As in Kubernetes: the files are in a folder behind a link that is swapped. */
const link = join(folder, '..data');
const certFile = join(link, 'cert.pem');
const keyFile = join(link, 'key.pem');
let mounts = 0;

function mount(files: { certificate: string; key: string }): void {
  const to = join(folder, String(++mounts));
  mkdirSync(to);
  writeFileSync(join(to, 'cert.pem'), files.certificate);
  writeFileSync(join(to, 'key.pem'), files.key);
  symlinkSync(to, `${link}_tmp`);
  renameSync(`${link}_tmp`, link);
}

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
const open: { destroy(): void }[] = [];

beforeAll(async () => {
  mount({ certificate, key });
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  for (const device of alice.devices) far.enrol(alice.id, device);
  gateway = await startGateway({
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_TLS_CERT_FILE: certFile,
    GATEWAY_TLS_KEY_FILE: keyFile,
    GATEWAY_TLS_CHECK_MS: '100',
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

/** The outcome of the handshake: the protocol, or why it failed. */
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

describe('a certificate that is renewed', () => {
  const reloads = (outcome: string) => gateway.metric('tls_reloads_total', { outcome });

  /** Serial of the certificate that each door shows in a new handshake. */
  async function serials(): Promise<string[]> {
    const shown = [gateway.wsPort, gateway.tcpPort].map(async (port) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ALPNProtocols: [ALPN, 'http/1.1'],
      });
      open.push(socket);
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    });
    return Promise.all(shown);
  }
  const serialOf = (pem: string) => new X509Certificate(pem).serialNumber;

  test('is shown to whoever comes, by both doors, and whoever is there chats on', async () => {
    const clients = [await connectClient('websocket'), await connectClient('tcp')];
    for (const client of clients) {
      const session = { person: alice, device: alice.device(clients.indexOf(client)) };
      await client.login({ ...session, serviceKey: far.serviceKey.publicKey });
    }
    expect(await serials()).toEqual(Array(2).fill(serialOf(certificate)));
    const renewed = createSelfSigned();
    mount(renewed);
    await until('it is noticed', async () => (await reloads('done')) === 1);
    expect(await serials()).toEqual(Array(2).fill(serialOf(renewed.certificate)));
    const expiry = Date.parse(new X509Certificate(renewed.certificate).validTo) / 1000;
    expect(await gateway.metric('tls_certificate_expiry_seconds')).toBe(expiry);
    for (const client of clients) {
      client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
      await client.next('pong');
    }
  });

  test.each([
    ['is broken', () => ({ certificate: 'no certificate', key: createSelfSigned().key })],
    [
      'does not fit its key',
      () => ({ certificate: createSelfSigned().certificate, key: createSelfSigned().key }),
    ],
    ['is cut short', () => ({ ...createSelfSigned(), certificate: certificate.slice(0, 200) })],
  ])('and %s changes nothing, is counted once, and told without the key', async (_, makeFiles) => {
    const before = { serials: await serials(), failed: await reloads('failed'), done: await reloads('done') };
    const files = makeFiles();
    mount(files);
    await until('it is noticed', async () => (await reloads('failed')) > before.failed);
    expect(await serials()).toEqual(before.serials);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect([await reloads('failed'), await reloads('done')]).toEqual([before.failed + 1, before.done]);
    const line = gateway.log.findLast(({ level }) => level === 'error');
    expect(line).toMatchObject({ msg: 'TLS certificate not reloaded; the one in use stays' });
    for (const row of files.key.split('\n').filter((row) => row.length > 20))
      expect(JSON.stringify(gateway.log)).not.toContain(row);
  });

  test('is taken as soon as both files are right, and a file that is away for a moment is no harm', async () => {
    const done = await reloads('done');
    rmSync(link);
    await until('it is missed', () => gateway.log.some(({ reason }) => reason === 'ENOENT'));
    const renewed = createSelfSigned();
    mount(renewed);
    await until('it is noticed', async () => (await reloads('done')) === done + 1);
    expect(await serials()).toEqual(Array(2).fill(serialOf(renewed.certificate)));
  });
});

test('a pair that cannot be read, or does not fit together, is told by the names of its options, and not shown', () => {
  const given = (certFile?: string, keyFile?: string) =>
    openCertificate({
      certFile,
      keyFile,
      everyMs: 1000,
      onReload: () => {},
      logger: createLogger({ service: 'gateway', instance: 'test', level: 'silent' }),
    });
  expect(given()).toBeUndefined();
  expect(() => given(join(folder, 'missing.pem'), keyFile)).toThrow(
    'GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE cannot be used (ENOENT)',
  );
  const other = join(folder, 'other.pem');
  writeFileSync(other, createSelfSigned().key);
  expect(() => given(certFile, other)).toThrow('cannot be used (ERR_OSSL_X509_KEY_VALUES_MISMATCH)');
  expect(given(certFile, keyFile)?.options).toMatchObject({ minVersion: 'TLSv1.3' });
});
