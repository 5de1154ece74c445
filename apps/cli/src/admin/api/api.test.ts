import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { errorMessage } from '@securechat/protocol';
import { adminAddress } from './address.ts';
import { createApi } from './api.ts';
import { calls } from './calls.ts';
import { httpTransport } from './http.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that gives these answers in turn, and what it was asked. */
async function serve(...answers: RequestListener[]) {
  const asked: { name: string | undefined; bearer: string | undefined; url: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const { authorization: bearer, 'idempotency-key': name } = request.headers;
    asked.push({ name: name as string | undefined, bearer, url: request.url });
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waits: number[] = [];
  const api = createApi(httpTransport(base, 'a key of somebody'), async (ms) => void waits.push(ms));
  return { asked, waits, api, base };
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(JSON.stringify(body));
const done = json(200, { user_id: 'alice', state: 'disabled' });
const away = json(503, errorMessage('SERVER_UNAVAILABLE', { retry_after_ms: 3_000 }));
const ask = { params: { user_id: 'alice' } };

describe('a request', () => {
  test('that has no answer, or one that says later, is repeated by the same name', async () => {
    const { asked, waits, api } = await serve((request) => void request.socket.destroy(), away, done);
    await api.ask(calls.disable, ask);
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ name }) => name)).size).toBe(1);
    expect(asked[0]?.name).toMatch(/^[\w-]{36}$/);
    expect(waits).toEqual([1_000, 3_000]);
  });

  test('is made three times at most, and not at all once more when it is to be much later', async () => {
    const { asked, api } = await serve(away);
    await expect(api.ask(calls.disable, ask)).rejects.toMatchObject({ exitCode: 3 });
    expect(asked).toHaveLength(3);
    const busy = await serve(json(429, errorMessage('RATE_LIMITED', { retry_after_ms: 60_000 })));
    await expect(busy.api.ask(calls.disable, ask)).rejects.toMatchObject({
      exitCode: 3,
      advice: expect.stringContaining('in 60 s'),
    });
    expect(busy.asked).toHaveLength(1);
  });

  test('that is refused is not repeated, and another one has another name', async () => {
    const { asked, api } = await serve(json(403, errorMessage('PERMISSION_DENIED')), done);
    await expect(api.ask(calls.disable, ask)).rejects.toMatchObject({ exitCode: 4 });
    await api.ask(calls.disable, ask);
    expect(new Set(asked.map(({ name }) => name)).size).toBe(2);
  });

  test('goes nowhere else, whatever the answer says', async () => {
    const other = await serve(done);
    const { api, asked } = await serve((_request, response) =>
      response.writeHead(307, { location: `${other.base}/v1/admin/x` }).end(),
    );
    await expect(api.ask(calls.disable, ask)).rejects.toMatchObject({ exitCode: 3 });
    expect(asked[0]?.bearer).toBe('Bearer a key of somebody');
    expect(other.asked).toEqual([]);
  });

  test('names what it is about so that no name leads to another route', async () => {
    const { asked, api } = await serve(done);
    await api.ask(calls.disable, { params: { user_id: '../invites?x=' } });
    expect(asked[0]?.url).toBe('/v1/admin/accounts/..%2Finvites%3Fx%3D/disable');
  });
});

test.each<[string, number, unknown]>([
  ['of a proxy', 200, 'hello'],
  ['that lacks something', 200, { user_id: 'alice' }],
  ['in which something is of another kind', 200, { user_id: 'alice', state: 7 }],
])('an answer %s is not taken for what it should be', async (_, status, body) => {
  const { api } = await serve(json(status, body));
  await expect(api.ask(calls.disable, ask)).rejects.toMatchObject({ exitCode: 1 });
});

test('who is no auth is told from one', async () => {
  const { api } = await serve((_request, response) => void response.writeHead(404).end('<html>'));
  await expect(api.ask(calls.disable, ask)).rejects.toThrow('is not auth');
  const bare = await serve(json(404, errorMessage('UNKNOWN_TYPE')));
  await expect(bare.api.ask(calls.disable, ask)).rejects.toThrow('no admin API');
});

describe('the address', () => {
  test.each([
    'https://auth.example',
    'http://127.0.0.1:7002',
    'http://localhost:7002',
    'http://[::1]:1',
    'https://a/b/',
  ])('%s is taken', (url) => expect(adminAddress(url, {})).toBe(url.replace(/\/$/, '')));

  test.each([
    'http://auth.example',
    'http://10.0.0.1:7002',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1@evil.example',
    'ftp://127.0.0.1',
    'https://me:secret@auth.example',
    'https://auth.example/?x=1',
    'auth.example',
  ])('%s is refused: the key would travel in clear, or elsewhere', (url) =>
    expect(() => adminAddress(url, {})).toThrow(/address|clear/),
  );

  test('with TLS that checks nothing it is refused', () => {
    expect(() => adminAddress('https://a', { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toThrow(
      'NODE_EXTRA_CA_CERTS',
    );
  });
});

type JsonSchema = {
  type?: string;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
};

/** What `relied` requires and `promised` does not guarantee. */
function missing(relied: JsonSchema, promised: JsonSchema | undefined, place = ''): string[] {
  if (!promised || relied.type !== promised.type)
    return [`${place} is ${promised?.type}, not ${relied.type}`];
  const members = Object.entries(relied.properties ?? {}).flatMap(([name, member]) => {
    const isRelied = relied.required?.includes(name) && !promised.required?.includes(name);
    return [
      ...(isRelied ? [`${place}/${name} may be missing`] : []),
      ...missing(member, promised.properties?.[name], `${place}/${name}`),
    ];
  });
  return relied.items ? missing(relied.items, promised.items, `${place}/[]`) : members;
}

test('every call is one of the document of the API, with its scope and an answer that has what is relied upon, and none of it is left out', () => {
  const document = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../../docs/openapi.json'), 'utf8'),
  );
  const promised = Object.entries<Record<string, Record<string, unknown>>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { 'x-scope': scope }]) => `${method} ${path} ${scope}`),
  );
  const used = Object.values(calls).map(
    ({ method, path, scope }) => `${method.toLowerCase()} ${path} ${scope}`,
  );
  expect(used.sort()).toEqual(promised.sort());
  for (const { method, path, answer } of Object.values(calls)) {
    const { responses } = document.paths[path][method.toLowerCase()];
    const [good = ''] = Object.keys(responses).filter((status) => status.startsWith('2'));
    expect(missing(answer as JsonSchema, responses[good].content['application/json'].schema, path)).toEqual(
      [],
    );
  }
});
