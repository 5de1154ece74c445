import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestHttp, type TestHttp } from '../testing/http.ts';

const PAGE = 'https://chat.example.com';
const WELL_KNOWN = '/.well-known/securechat';
let http: TestHttp;

beforeAll(() => {
  // none of these requests reaches the database
  http = openTestHttp('postgres://127.0.0.1:1/none', { allowedOrigins: [PAGE] });
});
afterAll(async () => {
  await http?.close();
});

const allowedBy = ({ headers }: { headers: Record<string, unknown> }) =>
  headers['access-control-allow-origin'];

test('a page of an allowed origin may read the service keys, and refusals too', async () => {
  const found = await http.ask({ method: 'GET', path: WELL_KNOWN, headers: { origin: PAGE } });
  expect([found.status, allowedBy(found)]).toEqual([200, PAGE]);
  expect(found.headers.vary).toMatch(/origin/i);
  const headers = { origin: PAGE, 'content-type': 'application/json' };
  const refused = await http.ask({ method: 'POST', path: '/v1/accounts', headers });
  expect([refused.status, allowedBy(refused)]).toEqual([400, PAGE]);
  expect(refused.headers['access-control-expose-headers']).toBe('retry-after');
});

test('no cache keeps an answer or a refusal, and no browser guesses what it is', async () => {
  const answers = [
    await http.ask({ method: 'GET', path: WELL_KNOWN, headers: {} }),
    await http.ask({ method: 'POST', path: '/v1/accounts', headers: {} }),
    await http.ask({ method: 'GET', path: '/nothing', headers: {} }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 404]);
  for (const { headers } of answers)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});

test('it may ask for what enrolment needs and for nothing else', async () => {
  const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
  const allowed = await http.ask({
    method: 'OPTIONS',
    path: '/v1/accounts',
    headers: { origin: PAGE, ...asks },
  });
  expect(allowed.status).toBe(204);
  expect(allowed.headers).toMatchObject({
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': '600',
  });
  expect(allowed.headers).not.toHaveProperty('access-control-allow-credentials');
});

test.each(['https://evil.example', `${PAGE}.evil.example`, 'null'])(
  'a page of %s is told nothing that its browser would let it read',
  async (origin) => {
    const asks = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const preflight = await http.ask({
      method: 'OPTIONS',
      path: '/v1/accounts',
      headers: { origin, ...asks },
    });
    expect([preflight.status, allowedBy(preflight)]).toEqual([404, undefined]);
    const read = await http.ask({ method: 'GET', path: WELL_KNOWN, headers: { origin } });
    expect(allowedBy(read)).toBeUndefined();
  },
);

test('what is not a browser is answered as ever', async () => {
  const found = await http.ask({ method: 'GET', path: WELL_KNOWN, headers: {} });
  expect([found.status, allowedBy(found)]).toEqual([200, undefined]);
});
