import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  encodeFrame,
  encodeUpstream,
  FRAME_VERSION,
  HEADER_BYTES,
  MAX_CHAT_BYTES,
} from '@securechat/protocol';
import {
  alice,
  type ConnectionEnd,
  newConversationId,
  openTestRedis,
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
  for (const device of alice.devices) far.enrol(alice.id, device);
});
afterEach(async () => {
  for (const client of open.splice(0)) client.destroy();
  await until('all connections are gone', async () => (await gateway.metric('connections_count')) === 0);
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

type Kind = 'websocket' | 'tcp';

async function connect(kind: Kind): Promise<RawClient> {
  const client = await RawClient.connect(gateway[kind]);
  open.push(client);
  return client;
}

async function session(kind: Kind): Promise<RawClient> {
  const client = await connect(kind);
  await client.login({ person: alice, device: alice.device(0) });
  return client;
}

const ping = (sequence: number): Uint8Array =>
  encodeUpstream('ping', { type: 'ping', timestamp: 0, sequence });

async function expectFault(client: RawClient, error: object, end: Partial<ConnectionEnd> = { code: 4502 }) {
  expect(await client.next('error')).toMatchObject({ code: 1000, ...error });
  expect(await client.end()).toMatchObject(end);
}

describe.each(['websocket', 'tcp'] as const)('over %s', (kind) => {
  test('frames packed into one write are all answered, in order', async () => {
    const client = await session(kind);
    client.sendFrame(Buffer.concat(Array.from({ length: 8 }, (_, n) => ping(n))));
    for (let n = 0; n < 8; n++) expect((await client.next('pong')).sequence).toBe(n);
    expect(client.isOpen).toBe(true);
  });

  test('a wrong magic ends the connection, and nothing behind it is read', async () => {
    const client = await session(kind);
    const wrong = Buffer.from(ping(1));
    wrong.write('SCHX');
    client.sendFrame(Buffer.concat([wrong, ping(2)]));
    await expectFault(client, { error_code: 'INVALID_MESSAGE_FORMAT' });
    expect(client.queue.map(({ name }) => name)).not.toContain('pong');
  });

  test('a header of version 2 is told which versions are served, then 4503', async () => {
    const client = await connect(kind);
    const next = Buffer.from(ping(1));
    next.writeUInt16BE(2, 4);
    client.sendFrame(next);
    const error = { error_code: 'UNSUPPORTED_VERSION', supported_versions: [FRAME_VERSION] };
    await expectFault(client, error, { code: 4503, reason: 'this protocol version is not served here' });
  });

  test.each([
    ['chat', 0x0301, MAX_CHAT_BYTES],
    ['ping', 0x0005, 16 * 1024],
    ['an unknown type', 0x7777, 16 * 1024],
  ])('%s that is too long is refused from its header', async (_, type, limit) => {
    const client = await session(kind);
    const frame = encodeFrame(type, Buffer.alloc(limit + 1, ' '));
    client.sendFrame(kind === 'tcp' ? frame.subarray(0, HEADER_BYTES) : frame);
    await expectFault(client, { error_code: 'FRAME_TOO_LARGE', limit });
  });

  test('a length near 2^32 is refused from the header alone', async () => {
    const client = await session(kind);
    const header = Buffer.from(ping(1)).subarray(0, HEADER_BYTES);
    header.writeUInt32BE(0xffff_ffff, 6);
    client.sendFrame(header);
    await expectFault(client, { error_code: 'FRAME_TOO_LARGE' });
  });

  test('an unknown type is answered, and the connection stays', async () => {
    const client = await session(kind);
    client.sendAny(0x7777, {});
    expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'UNKNOWN_TYPE' });
    client.sendFrame(ping(1));
    await client.next('pong');
  });

  test.each([
    ['not JSON', 'ping'],
    ['no object', '[]'],
    ['another type than its header says', '{"type":"pong","timestamp":0,"sequence":1}'],
    ['a key twice', '{"type":"ping","timestamp":0,"sequence":1,"sequence":2}'],
    ['a key that reaches a prototype', '{"type":"ping","timestamp":0,"sequence":1,"__proto__":{}}'],
    ['a number with a fraction', '{"type":"ping","timestamp":0,"sequence":1.5}'],
    ['too deep', `{"type":"ping","timestamp":0,"sequence":1,"x":${'['.repeat(16)}${']'.repeat(16)}}`],
    ['nothing', ''],
  ])('a payload that is %s is answered with 1000, and the connection stays', async (_, payload) => {
    const client = await session(kind);
    client.sendAny(0x0005, payload);
    expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'INVALID_MESSAGE_FORMAT' });
    client.sendFrame(ping(2));
    expect((await client.next('pong')).sequence).toBe(2);
  });

  test('bytes that are no UTF-8 are answered with 1000', async () => {
    const client = await session(kind);
    client.sendAny(
      0x0005,
      Buffer.concat([Buffer.from('{"type":"ping","x":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    );
    expect(await client.next('error')).toMatchObject({ error_code: 'INVALID_MESSAGE_FORMAT' });
  });
});

describe('WebSocket', () => {
  const answerTo = async (headers: Record<string, string>, path = '/v1/ws') => {
    const asked = request({
      host: '127.0.0.1',
      port: gateway.wsPort,
      path,
      headers: { ...upgrade, ...headers },
    });
    asked.end();
    const result = Promise.withResolvers<{ status: number; headers: Record<string, unknown> }>();
    asked.on('error', result.reject);
    asked.on('response', (response) => {
      response.resume();
      asked.destroy();
      result.resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      result.resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    return result.promise;
  };
  const upgrade = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };

  test('the sub-protocol must be offered', async () => {
    expect((await answerTo({})).status).toBe(400);
    expect((await answerTo({ 'sec-websocket-protocol': 'chat, scht.v2' })).status).toBe(400);
    const taken = await answerTo({ 'sec-websocket-protocol': 'chat, scht.v1' });
    expect([taken.status, taken.headers['sec-websocket-protocol']]).toEqual([101, 'scht.v1']);
  });

  test('compression is not accepted', async () => {
    const offer = 'permessage-deflate; client_max_window_bits';
    const taken = await answerTo({ 'sec-websocket-protocol': 'scht.v1', 'sec-websocket-extensions': offer });
    expect(taken.status).toBe(101);
    expect(taken.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  test('there is no other path', async () => {
    expect((await answerTo({ 'sec-websocket-protocol': 'scht.v1' }, '/v2/ws')).status).toBe(404);
  });

  test('a text message is answered with 1000 and ends the connection', async () => {
    const client = await session('websocket');
    client.transport.writeText('{"type":"ping","timestamp":0,"sequence":1}');
    await expectFault(
      client,
      { error_code: 'INVALID_MESSAGE_FORMAT' },
      { code: 4502, reason: 'the protocol was broken' },
    );
  });

  test.each([
    ['bytes behind a frame', Buffer.concat([ping(1), Buffer.from('x')])],
    ['half a frame', ping(1).subarray(0, 20)],
    ['half a header', ping(1).subarray(0, 5)],
  ])('a message with %s ends the connection', async (_, bytes) => {
    const client = await session('websocket');
    client.sendFrame(bytes);
    await expectFault(client, { error_code: 'INVALID_MESSAGE_FORMAT' });
  });

  test('a message larger than any frame is not even collected', async () => {
    const client = await session('websocket');
    client.sendFrame(Buffer.alloc(600 * 1024));
    expect((await client.end()).code).toBe(1009);
  });
});

describe('TCP', () => {
  test('frames may be split anywhere', async () => {
    const client = await session('tcp');
    const bytes = Buffer.concat([ping(1), ping(2)]);
    for (const byte of bytes) client.sendFrame(Uint8Array.of(byte));
    expect((await client.next('pong')).sequence).toBe(1);
    expect((await client.next('pong')).sequence).toBe(2);
  });

  test('a read that holds two frames and the beginning of a third is no fault', async () => {
    const client = await session('tcp');
    client.sendFrame(Buffer.concat([ping(1), ping(2), ping(3).subarray(0, 15)]));
    expect((await client.next('pong', ({ sequence }) => sequence === 2)).sequence).toBe(2);
    client.sendFrame(ping(3).subarray(15));
    expect((await client.next('pong', ({ sequence }) => sequence === 3)).sequence).toBe(3);
  });

  test('a client that has said all it will say is let go', async () => {
    const client = await session('tcp');
    client.close();
    await client.end();
    await until('its route is gone', async () => {
      const { user } = far.enrol(alice.id, alice.device(0));
      return (await store.redis.hexists(`${store.prefix}:{u.${user % 4}}:routes`, String(user))) === 0;
    });
  });

  test('another protocol is told so in frames, and ended', async () => {
    const socket = connectTcp(gateway.tcpPort, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const bytes = await everything(socket);
    expect(bytes.subarray(0, 4).toString()).toBe('SCHT');
    expect(bytes.toString()).toContain('INVALID_MESSAGE_FORMAT');
    expect(bytes.toString()).toContain('"code":4502');
  });

  test('a peer that never closes its half is cut off', async () => {
    const socket = connectTcp({ port: gateway.tcpPort, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(Buffer.alloc(12));
    await everything(socket);
    const startedMs = performance.now();
    const count = () => gateway.metric('connections_count', { state: 'closing' });
    expect(await count()).toBe(1);
    await until('it is gone', async () => (await count()) === 0);
    expect(performance.now() - startedMs).toBeGreaterThan(3000);
    socket.destroy();
  });
});

async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

test('a page and a push of the largest chat fit through both doors', async () => {
  const { device } = far.enrol(alice.id, alice.device(0));
  const filler = 'A'.repeat(MAX_CHAT_BYTES - 700);
  const body = Buffer.from(JSON.stringify(fakeChat(filler)));
  far.mailboxes.delete(device);
  for (const kind of ['websocket', 'tcp'] as const) {
    const client = await session(kind);
    const before = far.mailboxes.get(device)?.length ?? 0;
    far.store(device, { type: 'chat', body });
    client.send('resume', { type: 'resume', cursor: before });
    expect((await client.next('sync_page')).items).toHaveLength(1);
    const seq = far.store(device, { type: 'chat', body });
    const head = {
      kind: 'deliver',
      type: 'chat',
      conv_seq: 9,
      at: 5,
      received_at: Date.now(),
      to: [[device, seq]],
    };
    await far.send(gateway.id, { head: head as never, body });
    expect(await client.next('chat')).toMatchObject({ delivery: { seq, conv_seq: 9, server_ts_ms: 5 } });
    client.destroy();
  }
});

function fakeChat(payload: string) {
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');
  return {
    id: 'm1',
    type: 'chat',
    from: 'bob',
    to: 'alice',
    device_id: 'phone',
    conversation_id: newConversationId(),
    epoch: 0,
    client_seq: 1,
    timestamp: 0,
    encrypted: true,
    nonce: base64(16),
    payload: payload.slice(payload.length % 4),
    signature: base64(64),
  };
}
