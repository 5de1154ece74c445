import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyClientAuth } from '@securechat/crypto/challenge';
import { createSigningKey } from '@securechat/crypto/sign';
import { encodeDownstream, encodeFrame, type Upstream } from '@securechat/protocol';
import { alice, bob } from './people.ts';
import { RawClient } from './raw-client.ts';
import { LoginRefused } from './raw-login.ts';
import { createTinyLogin, type Peer, startTinyGateway, type TinyGateway } from './testing/tiny-gateway.ts';

let gateway: TinyGateway;
let answer: (message: Upstream, peer: Peer) => void = () => undefined;
const open: RawClient[] = [];

beforeAll(async () => {
  gateway = await startTinyGateway((message, peer) => answer(message, peer));
});
afterEach(() => {
  for (const client of open.splice(0)) client.destroy();
});
afterAll(() => gateway.close());

async function connect(kind: 'websocket' | 'tcp' | 'tls' = 'websocket'): Promise<RawClient> {
  const client = await RawClient.connect(gateway[kind]);
  open.push(client);
  return client;
}

test('a gateway that is closed waits for nobody, not even for who has said nothing', async () => {
  const other = await startTinyGateway(() => undefined);
  const ports = [Number(new URL('url' in other.websocket ? other.websocket.url : '').port)];
  for (const { tcp } of [other.tcp, other.tls] as { tcp: { port: number } }[]) ports.push(tcp.port);
  const strangers = ports.map((port) => connectTcp(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(strangers.map((stranger) => once(stranger, 'connect')));
  await other.close();
  for (const stranger of strangers) stranger.destroy();
});

const ping = (sequence: number): Upstream<'ping'> => ({ type: 'ping', timestamp: 0, sequence });
const pong = (sequence: number) => ({ type: 'pong', timestamp: 0, sequence }) as const;

function echo(message: Upstream, peer: Peer): void {
  if (message.type === 'ping') peer.send('pong', pong(message.sequence));
}

describe.each(['websocket', 'tcp', 'tls'] as const)('over %s', (kind) => {
  test('frames go there and come back', async () => {
    answer = echo;
    const client = await connect(kind);
    client.send('ping', ping(1));
    client.send('ping', ping(2));
    expect((await client.next('pong')).sequence).toBe(1);
    expect((await client.next('pong')).sequence).toBe(2);
  });

  test('the end of the connection ends the waiting, and says how it ended', async () => {
    answer = (_message, peer) => {
      const code = 4001;
      if (kind !== 'websocket') peer.send('goaway', { type: 'goaway', code, reason: 'told to' });
      peer.end(code);
    };
    const client = await connect(kind);
    client.send('ping', ping(1));
    await expect(client.next('pong')).rejects.toThrow('closed with 4001 (told to) before pong came');
    expect(await client.end()).toEqual({ code: 4001, reason: 'told to' });
    expect(client.isOpen).toBe(false);
  });
});

test('what was not asked for yet is kept, and can be taken out of order', async () => {
  answer = (message, peer) => {
    echo(message, peer);
    peer.refuse('RATE_LIMITED');
  };
  const client = await connect();
  client.send('ping', ping(1));
  client.send('ping', ping(2));
  expect((await client.next('pong', ({ sequence }) => sequence === 2)).sequence).toBe(2);
  expect((await client.nextOfAny()).name).toBe('pong');
  expect((await client.nextOf(['pong', 'error'])).type).toBe('error');
});

test('a frame may be sent in pieces, and several in one', async () => {
  const seen: Upstream[] = [];
  answer = (message, peer) => {
    seen.push(message);
    echo(message, peer);
  };
  const client = await connect('tcp');
  const bytes = Buffer.concat([pingFrame(1), pingFrame(2), pingFrame(3)]);
  for (let at = 0; at < bytes.length; at += 7) client.sendFrame(bytes.subarray(at, at + 7));
  await client.next('pong', ({ sequence }) => sequence === 3);
  expect(seen).toHaveLength(3);
});

function pingFrame(sequence: number): Uint8Array {
  return encodeFrame(0x0005, Buffer.from(JSON.stringify(ping(sequence))));
}

test('any number and any payload can be sent', async () => {
  answer = echo;
  const client = await connect();
  client.sendAny(0x0005, ping(7));
  client.sendAny(0x0005, JSON.stringify(ping(8)));
  expect([(await client.next('pong')).sequence, (await client.next('pong')).sequence]).toEqual([7, 8]);
});

test('a type that the catalogue does not know is kept as bytes', async () => {
  answer = (_message, peer) => peer.write(encodeFrame(0x7777, Buffer.from('{}')));
  const client = await connect();
  client.send('ping', ping(1));
  const received = await client.nextOfAny();
  expect([received.type, received.name, received.message]).toEqual([0x7777, undefined, undefined]);
});

test('waiting in vain tells what has come instead', async () => {
  answer = (_message, peer) => peer.refuse('INVALID_SIGNATURE');
  const client = await connect();
  client.send('ping', ping(1));
  await client.nextOf(['error']);
  client.send('ping', ping(2));
  await expect(client.next('pong', undefined, 200)).rejects.toThrow(
    'Waited 200 ms in vain for pong; unread: error INVALID_SIGNATURE',
  );
});

test('a server that breaks the protocol is told on', async () => {
  answer = (_message, peer) => peer.sendText('hello');
  const texted = await connect();
  texted.send('ping', ping(1));
  await expect(texted.next('pong')).rejects.toThrow('the server sent a text message');

  answer = (_message, peer) => peer.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const strange = await connect();
  strange.send('ping', ping(1));
  await expect(strange.next('pong')).rejects.toThrow('the server broke the protocol');

  answer = (_message, peer) => peer.write(encodeDownstream('pong', { ...pong(1), sequence: -1 }));
  const malformed = await connect();
  malformed.send('ping', ping(1));
  await expect(malformed.next('pong')).rejects.toThrow('the server broke the protocol');
});

test('TLS 1.2 is not spoken to a server of 1.3', async () => {
  const { tcp, tls } = gateway.tls as { tcp: { host: string; port: number }; tls: { ca: string } };
  const old = RawClient.connect({ tcp, tls: { ...tls, maxVersion: 'TLSv1.2' } });
  await expect(old).rejects.toThrow();
});

describe('the login', () => {
  test('proves both sides to each other', async () => {
    const login = createTinyLogin();
    const seen: Upstream[] = [];
    answer = (message, peer) => {
      seen.push(message);
      login.answer(message, peer);
    };
    const client = await connect();
    const { serviceKey } = login;
    const done = await client.login({ person: alice, device: alice.device(1), serviceKey });
    expect(done.ready.session_id).toBe('session');
    expect(done.hello).toMatchObject({ user_id: 'alice', device_id: 'laptop' });
    const [hello, auth] = seen as [Upstream<'client_hello'>, Upstream<'client_auth'>];
    const { challenge_response: _, ...unsigned } = done.serverHello;
    expect(verifyClientAuth(hello, unsigned, auth)).toBe(true);
  });

  test('fails when the server has another key than the pinned one', async () => {
    const login = createTinyLogin();
    answer = login.answer;
    const client = await connect();
    const serviceKey = createSigningKey().publicKey;
    const attempt = client.login({ person: alice, device: alice.device(0), serviceKey });
    await expect(attempt).rejects.toThrow('the server could not prove itself');
  });

  test('says which error refused it', async () => {
    answer = (_message, peer) => peer.refuse('AUTHENTICATION_FAILED');
    const client = await connect();
    const attempt = client.login({ person: alice, device: alice.device(0) });
    await expect(attempt).rejects.toThrow(LoginRefused);
    await expect(attempt).rejects.toMatchObject({ answer: { code: 1001 } });
  });

  test('can be spoiled at every step', async () => {
    const login = createTinyLogin();
    const seen: Upstream[] = [];
    answer = (message, peer) => {
      seen.push(message);
      login.answer(message, peer);
    };
    const client = await connect();
    const zeros = Buffer.alloc(64).toString('base64');
    const { hello, serverHello } = await client.login({
      person: alice,
      device: alice.device(0),
      ticket: 'old',
      overrides: { user_id: 'bob' },
      tamper: { auth: (auth) => ({ ...auth, signature: zeros }) },
    });
    expect(seen).toMatchObject([{ user_id: 'bob', resume: 'old' }, { signature: zeros }]);

    const second = await connect();
    await second.login({
      person: bob,
      device: bob.device(0),
      tamper: { signed: () => ({ client: hello, server: serverHello }) },
    });
    const auth = seen.at(-1) as Upstream<'client_auth'>;
    const { challenge_response: _, ...unsigned } = serverHello;
    const asBob = { ...hello, public_key: bob.device(0).publicKey };
    expect(verifyClientAuth(asBob, unsigned, auth)).toBe(false);
  });
});
