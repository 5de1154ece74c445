import { describe, expect } from '@jest/globals';
import { DeviceReplaced, DeviceRevoked, LoginRefused, ServerNotGenuine } from '@securechat/client';
import { tcpTransport } from '@securechat/client/node';
import { createSigningKey } from '@securechat/crypto/sign';
import { encodeUpstream } from '@securechat/protocol';
import { personNamed, revokeDevice, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { loginDeviceOf, useConnections } from './support/connect.ts';

const stack = useConstellation({ gateways: [{}, { tls: true }] });
const { test } = stack;
const open = useConnections(stack);

const plainTcp = () => [`tcp://127.0.0.1:${stack.constellation.gateways[0]!.tcpPort}`];
const caOf = () => stack.constellation.gateways[1]!.target('tcp').tls?.ca ?? '';

describe('it logs in', () => {
  test('over a WebSocket, by way of all four states, and says what was agreed on', async () => {
    const alice = await stack.person('alice');
    const urls = [stack.constellation.gateways[0]!.wsUrl];
    await until('the gateway knows of all services', async () => {
      const early = open(alice, { urls });
      await early.connected();
      const { capabilities = [] } = early.connection.session ?? {};
      await early.connection.stop();
      return capabilities.length > 0;
    });
    const { connected, states, sessions, connection } = open(alice, { urls });
    expect(connection.state).toBe('disconnected');
    await connected();
    expect(states).toEqual(['connecting', 'authenticating', 'connected']);
    expect(connection.session).toMatchObject({
      capabilities: expect.arrayContaining(['message_relay', 'offline_storage']),
      limits: { messages_per_minute: expect.any(Number) },
      retryPolicy: { max_retries: 3, initial_delay_ms: 1000 },
    });
    expect(sessions).toHaveLength(1);
    await connection.stop();
    expect(states.at(-1)).toBe('disconnected');
    expect(connection.session).toBeUndefined();
  });

  test('over TCP on this machine', async () => {
    const { connected } = open(await stack.person('alice'), { urls: plainTcp(), transport: tcpTransport() });
    await connected();
  });

  test('over TLS 1.3, by name and by address', async () => {
    const { tlsPort } = stack.constellation.gateways[1]!;
    for (const host of ['localhost', '127.0.0.1']) {
      const urls = [`tls://${host}:${tlsPort}`];
      const { connected } = open(await stack.person('alice'), {
        urls,
        transport: tcpTransport({ ca: caOf() }),
      });
      await connected();
    }
  });

  test('not over TLS to somebody whose certificate it does not trust', async () => {
    const urls = [`tls://localhost:${stack.constellation.gateways[1]!.tlsPort}`];
    const { failed } = open(await stack.person('alice'), { urls, transport: tcpTransport() });
    expect((await failed()).error).toMatchObject({ name: 'ServerUnreachable', isRetryable: true });
  });

  test('again by the ticket of the last session, while auth is away', async () => {
    const person = await stack.person('alice');
    const first = open(person, { urls: plainTcp(), transport: tcpTransport() });
    await first.connected();
    const keepsake = first.sessions[0]!.keepsake;
    await first.connection.stop();
    await stack.constellation.auths[0]!.stop();
    try {
      await open(person, { urls: plainTcp(), transport: tcpTransport(), keepsake }).connected();
    } finally {
      await stack.constellation.auths[0]!.restart();
    }
  });
});

describe('it ends for good, with a class that says why', () => {
  test('at a server with another service key, which gets no proof', async () => {
    const pins = [createSigningKey().publicKey];
    let proofs = 0;
    const person = await stack.person('alice');
    const device = loginDeviceOf(person);
    const { ended, connection } = open(person, {
      keepsake: { pins, ticket: undefined },
      device: {
        ...device,
        sign: (transcript) => {
          proofs++;
          return device.sign(transcript);
        },
      },
      urls: [stack.constellation.gateways[0]!.wsUrl],
    });
    const error = await ended();
    expect(error).toBeInstanceOf(ServerNotGenuine);
    expect(error).toMatchObject({ because: 'unknown_service_key', isRetryable: false });
    expect([proofs, connection.state]).toEqual([0, 'disconnected']);
  });

  test('when the login is refused', async () => {
    const { ended } = open(personNamed('nobody'), { urls: plainTcp(), transport: tcpTransport() });
    expect(await ended()).toBeInstanceOf(LoginRefused);
  });

  test('when a newer connection of the device takes over', async () => {
    const person = await stack.person('alice');
    const older = open(person, { urls: [stack.constellation.gateways[0]!.wsUrl] });
    await older.connected();
    const newer = open(person, { urls: plainTcp(), transport: tcpTransport() });
    await newer.connected();
    expect(await older.ended()).toBeInstanceOf(DeviceReplaced);
    expect(older.failures).toEqual([]);
    expect(newer.connection.state).toBe('connected');
  });

  test('when the device is revoked, on TCP as on a WebSocket', async () => {
    const ways = [
      { urls: [stack.constellation.gateways[0]!.wsUrl] },
      { urls: plainTcp(), transport: tcpTransport() },
    ];
    for (const way of ways) {
      const person = await stack.person('alice');
      const { connected, ended } = open(person, way);
      await connected();
      const { client } = await stack.login(person, { device: 1 });
      client.send('device_list', { type: 'device_list', id: 'q1', user_id: person.id });
      const { type: _, ref: _ref, ...list } = await client.next('device_list');
      await revokeDevice(stack.constellation.authUrl, person, person.device(0), list);
      expect(await ended()).toBeInstanceOf(DeviceRevoked);
      await expect(open(person, way).connected()).rejects.toBeInstanceOf(LoginRefused);
    }
  });
});

describe('what it is told', () => {
  test('answers go to their question, everything else is a message', async () => {
    const [alice, bob] = [await stack.person('alice'), await stack.person('bob')];
    const { connection, connected, messages } = open(alice, {
      urls: [stack.constellation.gateways[0]!.wsUrl],
    });
    const early = connection.request('device_list', { user_id: bob.id });
    await connected();
    expect(await early).toMatchObject({ type: 'device_list', user_id: bob.id, version: 2 });
    await expect(connection.request('device_list', { user_id: 'nobody' })).rejects.toMatchObject({
      name: 'ServerRefused',
      error: 'USER_NOT_FOUND',
      isRetryable: false,
    });
    expect(connection.send(encodeUpstream('resume', { type: 'resume', cursor: 0 }))).toBe(true);
    await until('the page comes', () => messages.some(({ type }) => type === 'sync_page'));
    expect(messages.map(({ type }) => type)).not.toContain('device_list');
    expect(messages.map(({ type }) => type)).not.toContain('pong');
  });
});
