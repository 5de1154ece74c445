import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createNetworkMatcher } from './networks.ts';
import { createSocketShares, shareSockets } from './socket-shares.ts';

const SHARE = 3;

async function openDoor(trusted: readonly string[]) {
  const server = createServer((_request, response) => void response.end('served'));
  shareSockets(server, SHARE, createNetworkMatcher(trusted));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];

  /** A socket that says nothing; resolves with whether it was let in. */
  async function come(localAddress: string): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }
  return {
    come,
    async answer(localAddress: string): Promise<string> {
      const socket = await come(localAddress);
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      return text.split('\r\n\r\n')[1] ?? 'cut off';
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

test('who holds a share of silent sockets gets no further one until one of them is gone; others are served', async () => {
  const door = await openDoor([]);
  try {
    const held = [];
    for (let n = 0; n < SHARE; n++) held.push(await door.come('127.0.0.2'));
    expect(await door.answer('127.0.0.2')).toBe('cut off');
    expect(await door.answer('127.0.0.3')).toBe('served');
    held[0]?.destroy();
    for (let n = 0; n < 100 && (await door.answer('127.0.0.2')) !== 'served'; n++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await door.answer('127.0.0.2')).toBe('served');
  } finally {
    await door.close();
  }
});

test('the sockets of a trusted proxy are those of many', async () => {
  const door = await openDoor(['127.0.0.2']);
  try {
    for (let n = 0; n < 2 * SHARE; n++) await door.come('127.0.0.2');
    expect(await door.answer('127.0.0.2')).toBe('served');
  } finally {
    await door.close();
  }
});

test('the /64 of an IPv6 address is one address', () => {
  const shares = createSocketShares(1);
  const socket = { once: () => undefined } as unknown as Socket;
  expect(['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map((from) => shares.take(socket, from))).toEqual([
    true,
    false,
    true,
  ]);
});
