import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect } from '@jest/globals';
import { BadContent, type ClientEvents, NoAccountHere, SecureChat, StoreTaken } from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);
let door: Server | undefined;
afterEach(async () => {
  door?.closeAllConnections();
  await new Promise((resolve) => (door ? door.close(resolve) : resolve(undefined)));
  door = undefined;
});

/** Auth, whose answers about accounts come as long as `answers` says so. */
async function authBehind(answers: { come: boolean }): Promise<string> {
  door = createServer(async (request, response) => {
    const { method = 'GET', url } = request;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const headers = { 'content-type': 'application/json' };
    const body = method === 'GET' ? {} : { body: Buffer.concat(parts) };
    const answer = await fetch(`${stack.constellation.authUrl}${url}`, { method, headers, ...body });
    if (method !== 'GET' && !answers.come) return request.socket.destroy();
    response.writeHead(answer.status, headers).end(await answer.text());
  });
  await new Promise<void>((resolve) => door?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
}

test('signing up again after an answer that never came is the same sign-up, by the same keys', async () => {
  const answers = { come: false };
  const server = { http: await authBehind(answers), socket: stack.constellation.gateways[0]!.wsUrl };
  const store = await openMemoryStore(new MemoryDisk());
  const userId = `alice_again_${Date.now()}`;
  const signal = AbortSignal.timeout(1_000);
  await expect(SecureChat.signUp({ store, server, userId, signal })).rejects.toThrow();
  answers.come = true;
  const client = await SecureChat.signUp({ store, server, userId });
  try {
    client.connect();
    await until('it is connected', () => client.state === 'connected');
    expect(await client.devices()).toMatchObject([{ deviceId: client.me.deviceId, isThis: true }]);
  } finally {
    await client.close();
  }
});

test('no account is put in the place of one that is in the store, in any way', async () => {
  const { authUrl, gateways } = stack.constellation;
  const server = { http: authUrl, socket: gateways[0]!.wsUrl };
  const disk = new MemoryDisk();
  const userId = `bob_${Date.now()}`;
  const bob = await SecureChat.signUp({ server, userId, store: await openMemoryStore(disk) });
  const recoveryCode = await bob.recoveryCode();
  await bob.close();
  const alice = await devices.signUp('alice');
  const code = await alice.client.linkCode();
  const store = await openMemoryStore(disk);
  await expect(SecureChat.signUp({ server, userId, store })).rejects.toBeInstanceOf(StoreTaken);
  await expect(SecureChat.signUp({ server, userId: `${userId}_2`, store })).rejects.toThrow(userId);
  await expect(SecureChat.recover({ server, userId, store, recoveryCode })).rejects.toBeInstanceOf(
    StoreTaken,
  );
  await expect(SecureChat.link({ store, code })).rejects.toBeInstanceOf(StoreTaken);
  const again = await SecureChat.open({ store });
  expect(again.me).toEqual(bob.me);
  await again.close();
});

test('an address that is none is refused at once, and nothing is made', async () => {
  const { authUrl } = stack.constellation;
  const store = await openMemoryStore(new MemoryDisk());
  const wrong = ['chat.example', { http: authUrl, socket: 'localhost:7443/v1/ws' }, { http: '', socket: '' }];
  const userId = `dave_${Date.now()}`;
  for (const server of wrong)
    await expect(SecureChat.signUp({ store, server, userId })).rejects.toThrow(TypeError);
  await expect(SecureChat.open({ store })).rejects.toBeInstanceOf(NoAccountHere);
  const dave = await SecureChat.signUp({ store, server: authUrl, userId });
  await dave.close();
});

test('a server that has another address now is found there, also at later starts that are not told', async () => {
  const { authUrl, gateways } = stack.constellation;
  const disk = new MemoryDisk();
  const userId = `erin_${Date.now()}`;
  const before = { http: authUrl, socket: 'ws://127.0.0.1:1/v1/ws' };
  const first = await SecureChat.signUp({ server: before, userId, store: await openMemoryStore(disk) });
  await first.close();
  for (const address of [{ server: { ...before, socket: gateways[0]!.wsUrl } }, {}]) {
    const client = await SecureChat.open({ store: await openMemoryStore(disk), ...address });
    try {
      client.connect();
      await until('it is connected', () => client.state === 'connected');
    } finally {
      await client.close();
    }
  }
});

test('who is told the same address at every start looks at it once', async () => {
  const { authUrl, gateways } = stack.constellation;
  const disk = new MemoryDisk();
  const server = { http: authUrl, socket: gateways[0]!.wsUrl };
  const userId = `grace_${Date.now()}`;
  const first = await SecureChat.signUp({ server, userId, store: await openMemoryStore(disk) });
  await first.close();
  const writes: string[] = [];
  const put = disk.put.bind(disk);
  disk.put = (key, value) => {
    if (key === 'account') writes.push(key);
    put(key, value);
  };
  const moved = { ...server, http: 'http://127.0.0.1:1' };
  for (const told of [server, server, authUrl, authUrl, moved, moved]) {
    const client = await SecureChat.open({ store: await openMemoryStore(disk), server: told });
    if (typeof told !== 'string') expect(client.server).toEqual(told);
    await client.close();
  }
  expect(writes).toHaveLength(3);
});

test('an address that the platform opens no socket to is a failure that is told', async () => {
  const { authUrl } = stack.constellation;
  const server = { http: authUrl, socket: 'ftp://127.0.0.1/v1/ws' };
  const store = await openMemoryStore(new MemoryDisk());
  const client = await SecureChat.signUp({ store, server, userId: `frank_${Date.now()}` });
  try {
    const failures: ClientEvents['failure'][] = [];
    client.on('failure', (failure) => failures.push(failure));
    client.connect();
    await until('it has tried twice', () => failures.length >= 2);
    expect(failures[0]?.error).toMatchObject({ name: 'ServerUnreachable', cause: expect.any(DOMException) });
  } finally {
    await client.close();
  }
});

test('a client that cannot connect says why, and when it tries again', async () => {
  const store = await openMemoryStore(new MemoryDisk());
  // the door of accounts in the place of the gateway's, as somebody may take one address for both
  const { authUrl } = stack.constellation;
  const client = await SecureChat.signUp({ store, server: authUrl, userId: `carol_${Date.now()}` });
  try {
    const failures: ClientEvents['failure'][] = [];
    client.on('failure', (failure) => failures.push(failure));
    client.connect();
    await until('it has tried twice', () => failures.length >= 2);
    for (const { error, retryInMs } of failures) {
      expect(error).toMatchObject({ name: 'ServerUnreachable', isRetryable: true });
      expect(retryInMs).toBeGreaterThan(0);
    }
  } finally {
    await client.close();
  }
});

test('what is too long to be said is refused as an error of the SDK, and nothing waits', async () => {
  const { client } = await devices.signUp('alice');
  const bob = await devices.signUp('bob');
  const chat = await client.direct(bob.client.me.userId);
  await expect(chat.send('x'.repeat(24_001))).rejects.toBeInstanceOf(BadContent);
  await expect(client.setProfile({ avatar: new Uint8Array(100_000) })).rejects.toBeInstanceOf(BadContent);
  expect(client.waiting).toBe(0);
});
