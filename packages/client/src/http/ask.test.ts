import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { errorMessage } from '@securechat/protocol';
import { systemClock } from '../clock.ts';
import { ask } from './ask.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** How long to wait for an answer; a busy machine may be slow. */
const ATTEMPT_MS = 15_000;

/** A server that gives these answers, and what it was asked. Delays between retries are divided by a hundred. */
async function serve(...answers: RequestListener[]) {
  const asked: { method: string | undefined; atMs: number; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push({ method: request.method, atMs: performance.now(), body });
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/accounts`;
  const waits: number[] = [];
  const clock = (attemptMs: number) => ({
    ...systemClock,
    after(ms: number, work: () => void) {
      if (ms < ATTEMPT_MS) waits.push(ms);
      return systemClock.after(ms < ATTEMPT_MS ? ms / 100 : attemptMs, work);
    },
  });
  return {
    ...{ asked, waits },
    ask: (body?: object, attemptMs = ATTEMPT_MS) =>
      ask(url, body, { clock: clock(attemptMs), random: () => 0.5 }),
  };
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const ok = json(200, { user_id: 'alice' });

test('a question without a body is a GET, one with a body a POST of JSON', async () => {
  const { asked, ask } = await serve(ok);
  expect(await ask()).toEqual({ user_id: 'alice' });
  await ask({ a: 1 });
  expect(asked.map(({ method, body }) => [method, body])).toEqual([
    ['GET', ''],
    ['POST', '{"a":1}'],
  ]);
});

describe('it is asked again', () => {
  test('when the server is away for a moment, after 1, 2 and 4 s, and with the same bytes', async () => {
    const away = json(503, errorMessage('SERVER_UNAVAILABLE'));
    const { asked, waits, ask } = await serve(away, away, away, ok);
    expect(await ask({ a: 1 })).toEqual({ user_id: 'alice' });
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
  });

  test('not before the server wants it to be', async () => {
    const { waits, ask } = await serve(
      json(429, errorMessage('RATE_LIMITED', { retry_after_ms: 7_000 })),
      ok,
    );
    await ask();
    expect(waits).toEqual([7_000]);
  });

  test('when something in between answers, or the connection is cut', async () => {
    const proxy: RequestListener = (_request, response) =>
      void response.writeHead(502).end('<html>Bad gateway');
    const { asked, ask } = await serve(proxy, (request) => void request.socket.destroy(), ok);
    await ask();
    expect(asked).toHaveLength(3);
  });

  test('four times in all', async () => {
    const { asked, ask } = await serve(json(503, errorMessage('SERVER_UNAVAILABLE')));
    await expect(ask()).rejects.toMatchObject({ error: 'SERVER_UNAVAILABLE', isRetryable: true });
    expect(asked).toHaveLength(4);
  });
});

describe('it is not asked again', () => {
  test('when the server says no', async () => {
    const { asked, ask } = await serve(json(409, errorMessage('ACCOUNT_CONFLICT')));
    await expect(ask()).rejects.toMatchObject({ error: 'ACCOUNT_CONFLICT', isRetryable: false });
    expect(asked).toHaveLength(1);
  });

  test('when the server wants to be left alone for longer than a person waits', async () => {
    const { asked, ask } = await serve(json(429, errorMessage('RATE_LIMITED', { retry_after_ms: 60_000 })));
    await expect(ask()).rejects.toMatchObject({ error: 'RATE_LIMITED', retryAfterMs: 60_000 });
    expect(asked).toHaveLength(1);
  });
});

describe('an answer that is none', () => {
  test.each<[string, RequestListener]>([
    ['no JSON', (_request, response) => void response.end('hello')],
    ['no object', json(200, ['a'])],
    ['longer than it may be', json(200, { text: 'x'.repeat(70_000) })],
  ])('is refused: %s', async (_, answer) => {
    const { ask } = await serve(answer);
    await expect(ask()).rejects.toMatchObject({ name: 'ServerBrokeProtocol' });
  });

  test('a way to somewhere else is not followed', async () => {
    const elsewhere = await serve(ok);
    const { ask } = await serve(
      (_request, response) => void response.writeHead(307, { location: '/x' }).end(),
    );
    await expect(ask({ secret: 1 })).rejects.toMatchObject({ name: 'ServerUnreachable' });
    expect(elsewhere.asked).toEqual([]);
  });
});

test('a server that takes the question and is silent is given up', async () => {
  const { asked, ask } = await serve(() => undefined);
  await expect(ask(undefined, 1_000)).rejects.toMatchObject({ name: 'ServerUnreachable' });
  expect(asked).toHaveLength(4);
});
