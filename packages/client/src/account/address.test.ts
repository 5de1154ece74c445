import { expect, test } from '@jest/globals';
import { MemoryDisk, openMemoryStore } from '../storage/memory.ts';
import { accountChange, loadAccount } from './account.ts';
import { doorsAt, moveTo } from './address.ts';

test('one address is that of both doors, with or without a slash at its end', () => {
  const doors = { http: 'https://chat.example', socket: 'wss://chat.example/v1/ws' };
  for (const address of ['https://chat.example', 'https://chat.example/'])
    expect(doorsAt(address, '/v1/ws')).toEqual(doors);
  expect(doorsAt({ ...doors, socket: 'tls://chat.example:8445' }, '/v1/ws')).toEqual({
    http: 'https://chat.example',
    socket: 'tls://chat.example:8445',
  });
});

test.each(['chat.example', 'wss://chat.example', 'localhost:7450', 'https://', ''])(
  '%j is no address of a server',
  (address) => {
    expect(() => doorsAt(address, '/v1/ws')).toThrow(TypeError);
  },
);

test.each(['chat.example', 'localhost:7443/v1/ws', 'ws:', ''])('%j is no address of a socket', (socket) => {
  expect(() => doorsAt({ http: 'https://chat.example', socket }, '/v1/ws')).toThrow(TypeError);
});

test.each([
  ['wss://old.example/v1/ws', '/v1/ws'],
  ['wss://old.example/behind/v1/ws', '/behind/v1/ws'],
  ['tls://old.example:8445', '/v1/ws'],
  // as an earlier version took it
  ['old.example:7443/v1/ws', '/v1/ws'],
])('one address in the place of %j keeps the path of the WebSocket', async (socket, path) => {
  const store = await openMemoryStore(new MemoryDisk());
  const bytes = new Uint8Array(32);
  const own = { userId: 'alice', deviceId: 'd_1', publicKey: bytes, secretKey: bytes, identity: bytes };
  const server = { http: 'https://old.example', socket };
  await store.write([accountChange({ userId: 'alice', own, server, accountSecret: undefined })]);
  await moveTo(store, 'https://new.example');
  expect(await loadAccount(store)).toEqual({
    ...{ userId: 'alice', own, accountSecret: undefined },
    server: {
      ...{ http: 'https://new.example', socket: `wss://new.example${path}` },
      told: 'https://new.example',
    },
  });
});
