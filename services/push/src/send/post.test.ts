import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEndpoints, isPublicAddress } from '@securechat/kernel';
import { createPost } from './post.ts';

let server: Server;
let origin: string;
let asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume();
    if (request.url === '/moved') response.writeHead(307, { location: `${origin}/inside` }).end();
    else if (request.url === '/busy') response.writeHead(429, { 'retry-after': '7' }).end();
    else if (request.url === '/endless') {
      response.writeHead(201);
      const more = setInterval(() => response.write(Buffer.alloc(64 * 1024)), 1);
      response.on('close', () => clearInterval(more));
    } else if (request.url !== '/silent') response.writeHead(201).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
});

const trusting = () => createPost({ endpoints: createEndpoints([origin]), timeoutMs: 500, now: Date.now });

test('what is not on the public internet is told from what is', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
  ];
  const special = ['198.51.100.1', '203.0.113.9', '224.0.0.1', '255.255.255.255', '192.0.0.8', '198.18.0.1'];
  const six = [
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
  ];
  const embedding = ['2002:7f00:1::', '2001::1', '2001:db8::1', 'fe80::1%eth0', 'localhost', ''];
  const wrong = [...inside, ...special, ...six, ...embedding].filter(isPublicAddress);
  expect(wrong).toEqual([]);
  expect(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '2a00:1450:4001::1'].filter(isPublicAddress)).toHaveLength(
    4,
  );
});

test('a client may name HTTPS and no address of the inside, in whatever way it is written', () => {
  const { isAcceptable } = createEndpoints(['http://127.0.0.1:2586'], 'usual');
  const refused = [
    ...[
      'http://push.example.net/x',
      'https://127.0.0.1/x',
      'https://2130706433/x',
      'https://0x7f.1/x',
      'https://[::1]/x',
    ],
    ...[
      'https://[::ffff:10.0.0.1]/x',
      'https://user:word@push.example.net/x',
      'ftp://push.example.net/x',
      'nothing',
    ],
    ...['https://push.example.net:22/x', 'https://push.example.net:8443/x'],
    ...['http://127.0.0.1:2587/x', 'https://127.0.0.1:2586/x', 'https://169.254.169.254/latest/meta-data'],
  ].filter(isAcceptable);
  expect(refused).toEqual([]);
  const fine = ['https://push.example.net/x', 'https://push.example.net:443/x', 'http://127.0.0.1:2586/up'];
  expect(fine.filter(isAcceptable)).toEqual(fine);
});

test('a name that leads inside is not connected to, not even when another of its addresses is public', async () => {
  let connections = 0;
  const inside = createTcpServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(inside, 'listening');
  const { port } = inside.address() as AddressInfo;
  const loopback = { address: '127.0.0.1', family: 4 };
  for (const found of [
    [loopback],
    [loopback, { address: '8.8.8.8', family: 4 }],
    [{ address: '::1', family: 6 }],
    [],
  ]) {
    const post = createPost({
      endpoints: createEndpoints([]),
      timeoutMs: 500,
      now: Date.now,
      resolve: async () => found,
    });
    expect(await post(`https://rebinding.example.net:${port}/x`, {}, Buffer.alloc(1))).toEqual({
      kind: 'refused',
    });
  }
  expect(await trusting()(`https://127.0.0.1:${port}/x`, {}, Buffer.alloc(1))).toEqual({ kind: 'refused' });
  expect(connections).toBe(0);
  inside.close();
});

test('redirects are not followed, answers not read to the end, and silence ends', async () => {
  asked = [];
  const post = trusting();
  const startedAtMs = performance.now();
  expect(await post(`${origin}/moved`, {}, Buffer.alloc(1))).toEqual({ kind: 'refused' });
  expect(await post(`${origin}/endless`, {}, Buffer.alloc(1))).toEqual({ kind: 'taken' });
  expect(await post(`${origin}/silent`, {}, Buffer.alloc(1))).toEqual({ kind: 'failed' });
  expect(await post(`${origin}/busy`, {}, Buffer.alloc(1))).toEqual({ kind: 'later', afterMs: 7_000 });
  expect(asked).toEqual(['/moved', '/endless', '/silent', '/busy']);
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
});
