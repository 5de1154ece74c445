import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@securechat/testkit';
import { type FaultProxy, startFaultProxy } from './proxy.ts';

let echo: { server: Server; port: number; heard: string[] };
let proxy: FaultProxy;
const clients: Client[] = [];

type Client = { socket: Socket; heard: () => string; isClosed: () => boolean };

async function startEcho(mark = ''): Promise<typeof echo> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        heard.push(bytes.toString());
        socket.write(mark + bytes.toString());
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, heard };
}

function open(): Client {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  socket
    .on('error', () => undefined)
    .on('data', (bytes) => {
      text += bytes.toString();
    });
  const client = { socket, heard: () => text, isClosed: () => socket.closed };
  clients.push(client);
  return client;
}

async function exchange(client: Client, word: string): Promise<void> {
  client.socket.write(word);
  await until(`"${word}" comes back`, () => client.heard().endsWith(word));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(async () => {
  echo = await startEcho();
  proxy = await startFaultProxy({ port: echo.port });
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  echo.server.close();
});

test('bytes pass in both directions, and so does the end', async () => {
  const client = open();
  await exchange(client, 'hello');
  expect(proxy.connections).toBe(1);
  client.socket.end();
  await until('the connection is over', () => client.isClosed() && proxy.connections === 0);
});

test('a megabyte passes whole', async () => {
  const client = open();
  const text = 'x'.repeat(1_000_000);
  client.socket.write(text);
  await until('all of it comes back', () => client.heard().length === text.length);
});

test('a black hole takes everything and closes nothing; when it ends, what lost bytes is reset', async () => {
  const client = open();
  await exchange(client, 'before');
  proxy.set({ kind: 'blackhole', of: ['up', 'down'] });
  client.socket.write('lost');
  await pause(100);
  expect([echo.heard.join(''), client.isClosed()]).toEqual(['before', false]);
  proxy.set({ kind: 'pass' });
  await until('the connection is reset', () => client.isClosed());
  await exchange(open(), 'after');
});

test('a black hole in one direction lets the other one pass', async () => {
  const client = open();
  await exchange(client, 'before');
  proxy.set({ kind: 'blackhole', of: ['up'] });
  client.socket.write('lost');
  await pause(50);
  expect(echo.heard.join('')).toBe('before');

  proxy.set({ kind: 'swallow' });
  const next = open();
  next.socket.write('done');
  await until('the server has heard it', () => echo.heard.join('').endsWith('done'));
  await pause(50);
  expect([next.heard(), next.isClosed()]).toEqual(['', false]);
});

test('a reset ends what is there and what comes', async () => {
  const [one, two] = [open(), open()];
  await exchange(one, 'one');
  await exchange(two, 'two');
  proxy.set({ kind: 'reset' });
  await until('both are reset', () => one.isClosed() && two.isClosed());
  const late = open();
  await until('so is the next', () => late.isClosed());
  proxy.set({ kind: 'pass' });
  await exchange(open(), 'after');
});

test('a delay keeps the order, and its end sets free what waits', async () => {
  const client = open();
  await exchange(client, 'before');
  proxy.set({ kind: 'delay', ms: 200 });
  const sentAtMs = performance.now();
  for (const word of ['a', 'b', 'c']) client.socket.write(word);
  await until('they come back', () => client.heard().endsWith('abc'));
  expect(performance.now() - sentAtMs).toBeGreaterThan(350);
});

test('a throttle lets only so much through a second, in the directions that it is for', async () => {
  const client = open();
  await exchange(client, 'before');
  proxy.set({ kind: 'throttle', bytesPerSecond: 1_000, of: ['down'] });
  client.socket.write('x'.repeat(100_000));
  await until('the server has it all', () => echo.heard.join('').length === 'before'.length + 100_000);
  await pause(300);
  expect(client.heard().length).toBeLessThan(2_000);
  proxy.set({ kind: 'pass' });
  await until('the rest follows', () => client.heard().length === 'before'.length + 100_000);
});

test('another target gets the next connections, and the present ones are reset', async () => {
  const client = open();
  await exchange(client, 'before');
  const other = await startEcho('other: ');
  proxy.retarget(other.port);
  await until('the old connection is reset', () => client.isClosed());
  const next = open();
  next.socket.write('after');
  await until('the other one answers', () => next.heard() === 'other: after');
  other.server.close();
});

test('a target that is not there closes whoever connects, until it is', async () => {
  echo.server.close();
  const client = open();
  await until('it is closed', () => client.isClosed());
});
