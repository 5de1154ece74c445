import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect } from '@jest/globals';
import { NoAccountHere, SecureChat } from '@securechat/client';
import { MemoryDisk, openMemoryStore } from '@securechat/client/memory';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);

const doors: Server[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) {
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
  }
});

/** In the place of auth. */
async function doorThat(answer: RequestListener): Promise<string> {
  const door = createServer(answer);
  doors.push(door);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
}

test('who gives up waiting is told so at once, whatever it is for', async () => {
  const { client } = await devices.signUp('alice');
  const bob = await devices.signUp('bob');
  const chat = await client.direct(bob.client.me.userId);
  const [gateway] = stack.constellation.gateways;
  await gateway!.stop();
  try {
    await until('it is on its own', () => client.state === 'disconnected');
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const waits: Promise<unknown>[] = [
      ...[client.identity('carol', { signal }), client.devices({ signal })],
      ...[chat.block({ signal }), chat.unblock({ signal })],
      client.revoke('a_device_more', { signal }),
    ];
    const outcomes = Promise.allSettled(waits);
    const reason = new Error('the person has gone');
    giveUp.abort(reason);
    const told = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason);
    expect(told).toEqual(waits.map(() => reason));
    await expect(client.identity('carol', { signal })).rejects.toBe(reason);
  } finally {
    await gateway!.restart();
  }
});

test('signing up at a door that is silent is given up, and nothing was begun', async () => {
  const store = await openMemoryStore(new MemoryDisk());
  const http = await doorThat(() => undefined);
  const server = { http, socket: stack.constellation.gateways[0]!.wsUrl };
  const signal = AbortSignal.timeout(200);
  await expect(SecureChat.signUp({ store, server, userId: 'alice_gone', signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await expect(SecureChat.open({ store })).rejects.toBeInstanceOf(NoAccountHere);
});

test('who gives up after the server has taken the account opens it, and has it', async () => {
  const { authUrl, gateways } = stack.constellation;
  const giveUp = new AbortController();
  // what is asked is answered by auth, except that the answer about the account never comes
  const http = await doorThat(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = 'GET', url } = request;
    const body = method === 'GET' ? {} : { body: Buffer.concat(parts) };
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${authUrl}${url}`, { method, headers, ...body });
    if (method === 'GET') response.writeHead(answer.status, headers).end(await answer.text());
    else giveUp.abort(new Error('the person has gone'));
  });
  const store = await openMemoryStore(new MemoryDisk());
  const server = { http, socket: gateways[0]!.wsUrl };
  const userId = `alice_taken_${Date.now()}`;
  const signingUp = SecureChat.signUp({ store, server, userId, signal: giveUp.signal });
  await expect(signingUp).rejects.toThrow('the person has gone');
  const client = await SecureChat.open({ store });
  try {
    client.connect();
    await until('it is connected', () => client.state === 'connected');
    expect(client.me.userId).toBe(userId);
  } finally {
    await client.close();
  }
});
