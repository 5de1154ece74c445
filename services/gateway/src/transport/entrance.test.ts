import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createNetworkMatcher } from '@securechat/kernel';
import { proxyHeader } from '../testing/proxy-header.ts';
import { type EntranceOptions, guardEntrance } from './entrance.ts';

const ENDS = {
  remoteAddress: '127.0.0.1',
  remotePort: 40_000,
  localAddress: '127.0.0.1',
  localPort: 7443,
};

test('what a proxy told of a client does not go with an older socket that had the same ends', async () => {
  const server = createServer();
  const options: Partial<EntranceOptions> = {
    proxyProtocol: true,
    isTrustedProxy: createNetworkMatcher(['127.0.0.1']),
    hasTls: false,
    addresses: { mostSockets: 10 } as EntranceOptions['addresses'],
  };
  server.on('connection', (socket: Socket) => server.emit('let in', socket));
  const entrance = guardEntrance(server, options as EntranceOptions);

  async function come(source: string, ends: typeof ENDS): Promise<Socket> {
    const socket = Object.assign(new PassThrough(), ends) as unknown as Socket;
    const letIn = once(server, 'let in');
    server.emit('connection', socket);
    socket.write(proxyHeader({ source }));
    await letIn;
    return socket;
  }

  const older = await come('192.0.2.1', ENDS);
  const newer = await come('192.0.2.2', ENDS);
  const atTheOtherDoor = await come('192.0.2.3', { ...ENDS, localPort: 7445 });
  older.emit('close');
  expect(entrance.addressOf(newer)).toBe('192.0.2.2');
  expect(entrance.addressOf(atTheOtherDoor)).toBe('192.0.2.3');
  newer.emit('close');
  expect(entrance.addressOf(newer)).toBe(ENDS.remoteAddress);
});
