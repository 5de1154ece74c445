import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createStaticServer } from './static-server.ts';

let folder: string;
let server: Server;
let origin: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'securechat-web-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'app-ABCD2345.js'), 'run();');
  const doors = {
    ...{ http: 'http://127.0.0.1:7450', socket: 'ws://127.0.0.1:7443/v1/ws' },
    files: 'http://127.0.0.1:7451/below',
  };
  server = createStaticServer(folder, doors).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

test('the page allows nothing but itself and its server', async () => {
  const answer = await fetch(`${origin}/?profile=bob`);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain(
    "img-src 'self' blob:; connect-src 'self' http://127.0.0.1:7450 ws://127.0.0.1:7443 http://127.0.0.1:7451;",
  );
  expect(policy).toMatch(/; require-trusted-types-for 'script'; trusted-types securechat-worker$/);
  expect(policy.split('blob:')).toHaveLength(2);
  expect(policy).not.toMatch(/unsafe|\*/);
});

test('config.json names the server', async () => {
  const config = await (await fetch(`${origin}/config.json`)).json();
  expect(config).toEqual({ server: { http: 'http://127.0.0.1:7450', socket: 'ws://127.0.0.1:7443/v1/ws' } });
});

test('what carries a hash is kept, and the page is asked for each time', async () => {
  const cacheOf = async (path: string) => (await fetch(origin + path)).headers.get('cache-control');
  expect(await cacheOf('/app-ABCD2345.js')).toContain('immutable');
  expect(await cacheOf('/')).toBe('no-cache');
});

test.each(['/nothing', '/../package.json', '/%2e%2e/package.json', '//etc/passwd', '/index.html/'])(
  '%s is not there',
  async (path) => {
    expect((await fetch(origin + path)).status).toBe(404);
  },
);

test.each([
  ['gzip, deflate, br', 'gzip'],
  ['br;q=1.0, gzip;q=0.8', 'gzip'],
  ['identity', null],
  ['gzip;q=0, br', null],
  ['gzip;q=0.0', null],
])('with accept-encoding %s a file comes as %s', async (accepted, coding) => {
  const answer = await fetch(`${origin}/app-ABCD2345.js`, { headers: { 'accept-encoding': accepted } });
  expect(answer.headers.get('content-encoding')).toBe(coding);
  expect(answer.headers.get('vary')).toBe('accept-encoding');
  expect(await answer.text()).toBe('run();');
});

test('nothing can be sent to it', async () => {
  expect((await fetch(origin, { method: 'POST', body: 'a' })).status).toBe(405);
});
