import { expect } from '@jest/globals';
import { DeviceRevoked, SecureChat, SecureChatError, type Transport } from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { EvilServer } from './support/evil-server.ts';
import { useDevices } from './support/people.ts';
import { usePlannedWork } from './support/planned-work.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);
const work = usePlannedWork();

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TCPConnect|TLS/.test(kind)).length;

/** Sockets in TIME_WAIT and the like are the system's; ours are gone within a moment. */
const noSocketsBut = (count: number) => until('its sockets are closed', () => sockets() <= count);

test('with a client everything ends that it has begun: what waits its time, and what is done now and then', async () => {
  const before = sockets();
  work.begin();
  const bob = await devices.signUp('bob');
  const store = await openMemoryStore(new MemoryDisk());
  const { authUrl, gateways } = stack.constellation;
  const server = { http: authUrl, socket: gateways[0]!.wsUrl };
  const options = { store, traffic: { maxDelayMs: 60_000, dummiesPerHour: 1 } };
  const client = await SecureChat.signUp({ ...options, server, userId: 'alice_closing' });
  client.connect();
  await until('it is connected', () => client.state === 'connected');
  const chat = await client.direct(bob.client.me.userId);
  await chat.send('later');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(client.waiting).toBe(1);
  await Promise.all([client.close(), bob.client.close()]);
  expect(work.left()).toEqual([]);
  await noSocketsBut(before);
});

test('a client that is closed while nobody answers does not knock once more, though somebody has nudged', async () => {
  const [gateway] = stack.constellation.gateways;
  const alice = await devices.signUp('alice');
  await gateway!.stop();
  try {
    await until('it is on its own', () => alice.client.state === 'disconnected');
    work.begin();
    alice.client.nudge();
    await alice.client.close();
    expect(work.left()).toEqual([]);
  } finally {
    await gateway!.restart();
  }
});

test('a client that is closed while a conversation is being made says so at once', async () => {
  const server = await EvilServer.before(stack.constellation.gateways[0]!.tcpPort);
  try {
    work.begin();
    const bob = await devices.signUp('bob');
    const alice = await devices.signUp('alice', { socket: server.url, transport: tcpTransport() });
    const winner = 'c_0123456789abcdefgh';
    server.answer = (message) =>
      message.type === 'ack'
        ? {
            ...{ type: 'error', code: 1006, error_code: 'CONVERSATION_EXISTS', error_message: 'too late' },
            ...{ reference_id: message.ref, conversation_id: winner },
          }
        : message;
    const making = alice.client.direct(bob.client.me.userId);
    await until('it has asked', () => server.sent.some(({ type }) => type === 'group_create'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const closed = Promise.all([alice.client.close(), bob.client.close()]);
    await expect(making).rejects.toMatchObject({ name: 'NotConnected' });
    await closed;
    expect(work.left()).toEqual([]);
  } finally {
    await server.close();
  }
});

test('whoever waits is told when a client has ended, and so is who comes later', async () => {
  const server = await EvilServer.before(stack.constellation.gateways[0]!.tcpPort);
  try {
    const bob = await devices.signUp('bob');
    const alice = await devices.signUp('alice');
    const transport: Transport = {
      connect: (_, events, options) => tcpTransport().connect(server.url, events, options),
    };
    const { client: tablet } = await devices.link(alice, { transport });
    const { id } = await alice.client.createGroup({ members: [bob.client.me.userId] });
    const chat = await until('the tablet has it', () => tablet.conversation(id));
    // nor is it told that it has no part any more
    server.rewrite = () => [];
    server.send = (message) =>
      message.type === 'group_update' ? { type: 'ping', timestamp: 1, sequence: 1_000 } : message;
    const waiting = chat.rename('asked for').catch((error: unknown) => error);
    await until('it was asked for', () => server.sent.some(({ type }) => type === 'group_update'));
    const ends: Error[] = [];
    tablet.on('ended', (error) => ends.push(error));
    await alice.client.revoke(tablet.me.deviceId);
    const told = { name: 'NotConnected', cause: expect.any(DeviceRevoked) };
    expect(await waiting).toMatchObject(told);
    expect(ends.map(({ name }) => name)).toEqual(['DeviceRevoked']);
    const later: Promise<unknown>[] = [
      ...[chat.rename('later'), tablet.direct('carol'), tablet.createGroup({ members: ['carol'] })],
      ...[tablet.reachable(), tablet.identity('carol'), chat.block()],
    ];
    for (const each of later) await expect(each).rejects.toBeInstanceOf(SecureChatError);
    expect(() => tablet.connect()).toThrow('the client has ended');
    expect((await chat.send('kept')).status).toBe('queued');
  } finally {
    await server.close();
  }
}, 60_000);

test('an operation is waited for until its deadline or its signal, and is done all the same', async () => {
  const [gateway] = stack.constellation.gateways;
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.createGroup({ members: [bob.client.me.userId] });
  await gateway!.stop();
  try {
    await until('it is on its own', () => alice.client.state === 'disconnected');
    const late = chat.rename('late', { deadlineMs: 100 });
    await expect(late).rejects.toMatchObject({ name: 'RequestTimedOut', isRetryable: true });
    const given = chat.setRole(bob.client.me.userId, 'admin', { signal: AbortSignal.timeout(100) });
    await expect(given).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    await gateway!.restart();
  }
  alice.client.nudge();
  await until('both are done', () => chat.name === 'late' && alice.client.waiting === 0, 30_000);
  expect(
    chat
      .members()
      .map(({ role }) => role)
      .sort(),
  ).toEqual(['admin', 'owner']);
}, 60_000);
