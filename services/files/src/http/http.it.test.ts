import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileBudget, type FileBudget } from '@securechat/directory';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import type { FastifyInstance } from 'fastify';
import { makeFile, openWorld, type TestFile, type TestUser, type World } from '../testing/world.ts';
import { createHttpServer } from './server.ts';

/** The first test of a run creates the tables of all services. */
const START_DEADLINE_MS = 120_000;
/** Requests are held at a lock until all of them are there, however slow the machine: the usual 2 s would let some go before. */
const PATIENT_MS = 60_000;
const limits = {
  statementTimeoutMs: PATIENT_MS,
  lockTimeoutMs: PATIENT_MS,
  idleInTransactionMs: PATIENT_MS,
};

let world: World;
let redis: TestRedis;
let app: FastifyInstance;
let url: string;
let file: TestFile;

const budgetOf = (bytesPerMinute: number): FileBudget =>
  createFileBudget(redis.redis, {
    prefix: `${redis.prefix}${randomBytes(4).toString('hex')}`,
    shards: 1,
    bytesPerMinute,
  });

async function serve(budget: FileBudget, idleMs?: number): Promise<[FastifyInstance, string]> {
  const server = createHttpServer({
    ...world,
    ...(idleMs === undefined ? {} : { idleMs }),
    budget,
    onStored: () => undefined,
    trustedProxies: [],
    allowedOrigins: [],
  });
  return [server, await server.listen({ host: '127.0.0.1', port: 0 })];
}

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld({ limits }), openTestRedis()]);
  [app, url] = await serve(budgetOf(10_000_000_000));
  file = makeFile(10_000);
  await world.upload(file);
}, START_DEADLINE_MS);
afterAll(async () => {
  await app?.close();
  await world?.close();
  await redis?.close();
});

const tokenOf = async (who: TestUser): Promise<string> => (await world.tokens.issue(who)).token;
async function ask(token: string | undefined, path: string, init: RequestInit = {}): Promise<Response> {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/v1/files${path}`, {
    ...init,
    headers: { ...authorization, ...(init.headers as Record<string, string>) },
  });
  // an unread answer holds its connection, and delays the server's end
  const body = await response.arrayBuffer();
  return new Response(body.byteLength === 0 ? null : body, response);
}

describe('nobody gets in', () => {
  const doors: [string, string, string?][] = [
    ['GET', ''],
    ['GET', '/ID'],
    ['GET', '/ID/status'],
    ['GET', '/ID/chunks/0'],
    ['PUT', '/ID/chunks/0', 'bytes'],
    ['POST', '/ID/complete', '{}'],
    ['DELETE', '/ID'],
  ];
  const everywhere = (token: string | undefined) =>
    Promise.all(
      doors.map(async ([method, path, body]) => {
        const response = await ask(token, path.replace('ID', file.id), { method, ...(body ? { body } : {}) });
        return response.status;
      }),
    );

  test('without a token, with one that was made up, changed, made with another key, or is over', async () => {
    const good = await tokenOf(world.bob);
    const [body = '', mac = ''] = good.split('.');
    const facts = JSON.parse(Buffer.from(body, 'base64url').toString()) as (number | string)[];
    const changed = (at: number, value: number | string): string =>
      Buffer.from(JSON.stringify(facts.map((fact, index) => (index === at ? value : fact)))).toString(
        'base64url',
      );
    const [key] = await world.rows<{ key: Buffer }>('SELECT key FROM files.token_keys');
    const over = changed(4, Math.floor(Date.now() / 1000) - 1);
    const tokens = [
      undefined,
      'nonsense',
      `${changed(1, world.alice.user)}.${mac}`,
      `${changed(0, 999)}.${mac}`,
      `${body}.${createHmac('sha256', randomBytes(32)).update(body).digest('base64url')}`,
      `${over}.${createHmac('sha256', key?.key ?? '')
        .update(over)
        .digest('base64url')}`,
      `${good}.`,
    ];
    for (const token of tokens) expect(await everywhere(token)).toEqual(doors.map(() => 401));
  });

  test('whose device was revoked since, at once', async () => {
    const token = await tokenOf(world.carol);
    expect((await ask(token, '')).status).toBe(200);
    await world.rows('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [world.carol.device]);
    expect(await everywhere(token)).toEqual(doors.map(() => 401));
  });

  test('who was not admitted; what is there and what is not look the same', async () => {
    const token = await tokenOf(world.eve);
    for (const id of [file.id, 'file_of_nobody']) {
      for (const path of [`/${id}`, `/${id}/chunks/0`]) {
        const response = await ask(token, path);
        expect([response.status, await response.json()]).toMatchObject([
          404,
          { error_code: 'PERMISSION_DENIED' },
        ]);
      }
    }
    const put = await ask(token, `/${file.id}/chunks/0`, { method: 'PUT', body: 'bytes' });
    expect(put.status).toBe(404);
  });
});

test('a range beyond the end is refused with the size, and an old name of the file gets all of it', async () => {
  const token = await tokenOf(world.bob);
  const beyond = await ask(token, `/${file.id}`, { headers: { range: 'bytes=10000-' } });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10000']);
  const head = await ask(token, `/${file.id}`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10000']);
  const other = await ask(token, `/${file.id}`, { headers: { range: 'bytes=0-9', 'if-range': '"older"' } });
  expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, 10_000]);
});

test('a part that cannot be sent is refused, and the refusal is not taken for the part', async () => {
  // a part of one chunk would have to wait for minutes
  const [poor, poorUrl] = await serve(budgetOf(1_000));
  try {
    const token = await tokenOf(world.bob);
    const headers = { authorization: `Bearer ${token}`, range: 'bytes=0-4999' };
    const refused = await fetch(`${poorUrl}/v1/files/${file.id}`, { headers });
    const facts = ['content-range', 'etag', 'cache-control'].map((name) => refused.headers.get(name));
    expect([refused.status, ...facts]).toEqual([429, null, null, 'no-store']);
    expect(await refused.json()).toMatchObject({ error_code: 'RATE_LIMITED' });
  } finally {
    await poor.close();
  }
});

test('who asks and does not read holds a connection no longer than nothing moves on it', async () => {
  const [server, address] = await serve(budgetOf(10_000_000_000), 500);
  const big = makeFile(400_000, 200_000);
  await world.upload(big);
  const { port, hostname } = new URL(address);
  const socket = connect({ port: Number(port), host: hostname }).pause();
  try {
    await once(socket, 'connect');
    const token = await tokenOf(world.bob);
    const question = `GET /v1/files/${big.id} HTTP/1.1\r\nhost: files\r\nauthorization: Bearer ${token}\r\n\r\n`;
    // more than both ends can buffer for a client that reads nothing
    socket.write(question.repeat(60));
    const open = () =>
      new Promise((done) => server.server.getConnections((_error, connections) => done(connections)));
    expect(await open()).toBe(1);
    await until('the connection is ended', async () => (await open()) === 0);
  } finally {
    socket.destroy();
    await server.close();
    await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: big.id });
  }
});

test('who has too much under way at once is refused more, and others are not, until some of it is over', async () => {
  // 400,000 bytes at once, and as much again within the wait: forty answers, and more waiting than one user may have
  const [slow, slowUrl] = await serve(budgetOf(2_000_000));
  const leaving = new AbortController();
  try {
    const headersOf = async (who: TestUser) => ({ authorization: `Bearer ${await tokenOf(who)}` });
    const headers = await headersOf(world.bob);
    const refusals: Response[] = [];
    for (let asked = 0; asked < 160; asked++) {
      const answer = fetch(`${slowUrl}/v1/files/${file.id}`, { headers, signal: leaving.signal });
      answer.then(
        (response) => response.status === 429 && refusals.push(response),
        () => undefined,
      );
    }
    const [refused] = await until('one is too many', () => refusals.length > 0 && refusals);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(await refused?.json()).toMatchObject({ error_code: 'RATE_LIMITED', scope: 'file_requests' });
    const statusFor = async (who: TestUser) =>
      (await fetch(`${slowUrl}/v1/files/${file.id}/status`, { headers: await headersOf(who) })).status;
    expect(await statusFor(world.alice)).toBe(200);
    leaving.abort();
    await until('it may ask again', async () => (await statusFor(world.bob)) === 200);
  } finally {
    leaving.abort();
    await slow.close();
  }
});

describe('who leaves while it is looked up who that is, or what it wants', () => {
  /** Of eight requests each: a user has 64 places, and a process room for 64 bodies. */
  const ROUNDS = 9;
  const LONG_MS = 3 * PATIENT_MS;
  let server: FastifyInstance;
  let address: string;
  let token: string;
  beforeEach(async () => {
    [server, address] = await serve(budgetOf(10_000_000_000));
    token = await tokenOf(world.alice);
  });
  afterEach(() => server.close());

  const questionOf = (method: string, path: string, length = 0): string =>
    `${method} /v1/files${path} HTTP/1.1\r\nhost: files\r\nauthorization: Bearer ${token}\r\ncontent-length: ${length}\r\n\r\n`;
  const atOnce = (question: string) => Array<string>(world.pool.options.max).fill(question);
  const open = () =>
    new Promise((done) => server.server.getConnections((_error, connections) => done(connections)));

  /** As many requests as the service sends to Postgres at once; it waits for `table` until all clients are gone. */
  async function leaveWhile(table: string, questions: readonly string[]): Promise<void> {
    const { port, hostname } = new URL(address);
    const locking = await world.owner.connect();
    try {
      await locking.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const sockets = questions.map((question) => {
        const socket = connect({ port: Number(port), host: hostname });
        socket.on('error', () => undefined).write(question);
        return socket;
      });
      await until('all are there', async () => (await open()) === sockets.length, PATIENT_MS);
      // not asked in the transaction, which goes on seeing the connections of its first look
      const allThatCanWait = async (): Promise<boolean> => {
        const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await world.rows(sql)).length === world.pool.options.max;
      };
      await until('all that can wait for the table', allThatCanWait, PATIENT_MS);
      for (const socket of sockets) socket.resetAndDestroy();
      await until('all are gone', async () => (await open()) === 0, PATIENT_MS);
    } finally {
      await locking.query('ROLLBACK');
      locking.release();
    }
  }

  const statusOf = async (path: string, init: RequestInit = {}): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${address}/v1/files${path}`, { ...init, headers });
    await response.arrayBuffer();
    return response.status;
  };

  test(
    'holds no place of its user',
    async () => {
      const question = questionOf('GET', `/${file.id}/status`);
      for (let round = 0; round < ROUNDS; round++) await leaveWhile('auth.devices', atOnce(question));
      await until('there is a place', async () => (await statusOf(`/${file.id}/status`)) === 200);
    },
    LONG_MS,
  );

  test(
    'nor do its questions that wait on the same connection',
    async () => {
      const questions = questionOf('GET', `/${file.id}/status`).repeat(60);
      await leaveWhile('files.files', [questions]);
      await leaveWhile('files.files', [questions]);
      await until('there is a place', async () => (await statusOf(`/${file.id}/status`)) === 200);
    },
    LONG_MS,
  );

  test(
    'holds no room for bytes that will not come',
    async () => {
      const upload = makeFile(10_000);
      await world.offer(upload);
      const question = questionOf('PUT', `/${upload.id}/chunks/0`, 4096);
      for (let round = 0; round < ROUNDS; round++) await leaveWhile('files.files', atOnce(question));
      const body = new Uint8Array(world.chunkOf(upload, 0));
      const put = () => statusOf(`/${upload.id}/chunks/0`, { method: 'PUT', body });
      await until('there is room', async () => (await put()) === 204);
      await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: upload.id });
    },
    LONG_MS,
  );
});

test('a list begins behind an id and behind nothing else', async () => {
  const token = await tokenOf(world.alice);
  const statusOf = async (query: string) => (await ask(token, query)).status;
  expect(await statusOf('?after=a')).toBe(200);
  for (const query of ['?after=%00', '?after=a&after=b', '?after=', `?after=${'a'.repeat(65)}`])
    expect(await statusOf(query)).toBe(400);
});

test('a chunk without a length, too long, or of a place that is none is refused before it is read', async () => {
  const token = await tokenOf(world.alice);
  const upload = makeFile(10_000);
  await world.offer(upload);
  const statuses = await Promise.all(
    (
      [
        ['0', 4_097],
        ['9', 1],
        ['x', 1],
        ['0', 256 * 1024 + 1],
      ] as const
    ).map(async ([n, bytes]) => {
      const body = new Uint8Array(bytes);
      return (await ask(token, `/${upload.id}/chunks/${n}`, { method: 'PUT', body })).status;
    }),
  );
  expect(statuses).toEqual([400, 400, 400, 413]);
  await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: upload.id });
});

test('a body that no request needs is refused by its length, whoever sends it', async () => {
  const body = new Uint8Array(2_000);
  const asks = [
    ['DELETE', `/${file.id}`],
    ['POST', `/${file.id}/complete`],
    ['POST', '/nothing'],
  ] as const;
  for (const [method, path] of asks) {
    expect((await ask(undefined, path, { method, body })).status).toBe(413);
  }
});

test('who sends more than the limit is slowed down, and told to come later only beyond half a minute', async () => {
  // 400 kB at once, then 26.7 kB per second
  const [slow, slowUrl] = await serve(budgetOf(2_000_000));
  try {
    const upload = makeFile(600_000, 200_000);
    await world.offer(upload);
    const token = await tokenOf(world.alice);
    const put = async (index: number) => {
      const response = await fetch(`${slowUrl}/v1/files/${upload.id}/chunks/${index}`, {
        method: 'PUT',
        body: new Uint8Array(world.chunkOf(upload, index)),
        headers: { authorization: `Bearer ${token}` },
      });
      return response.status;
    };
    const began = performance.now();
    expect([await put(0), await put(1)]).toEqual([204, 204]);
    expect(performance.now() - began).toBeLessThan(5_000);
    const aborted = new AbortController();
    const third = fetch(`${slowUrl}/v1/files/${upload.id}/chunks/2`, {
      method: 'PUT',
      body: new Uint8Array(world.chunkOf(upload, 2)),
      headers: { authorization: `Bearer ${token}` },
      signal: aborted.signal,
    }).catch((error: Error) => error.name);
    // its turn is in 7.5 s; a client that disconnects meanwhile leaves nothing behind
    expect(await Promise.race([third, new Promise((done) => setTimeout(done, 500, 'waiting'))])).toBe(
      'waiting',
    );
    aborted.abort();
    expect(await third).toBe('AbortError');
    const { files } = await world.handlers.status({ kind: 'status', ...world.alice, file_id: upload.id });
    expect(files?.[0]?.missing).toEqual([[2, 2]]);
    await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: upload.id });
  } finally {
    // the disconnected client is noticed at its turn
    slow.server.closeAllConnections();
    await slow.close();
  }
});
