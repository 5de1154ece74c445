import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Connection } from '../connection/connection.ts';
import { RequestTimedOut, ServerRefused } from '../errors.ts';
import { TransferFailed } from './errors.ts';
import { Road } from './road.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
/** How the HTTP interface reacts to the next requests in turn; afterwards it accepts them. */
let answers: Answer[] = [];
let http: string[] = [];
/** What went over the connection, and how it reacts to the next requests. */
let frames: string[] = [];
let failures: Error[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    http.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume();
    request.once('end', () => {
      const answer = answers.shift();
      if (answer) answer(request, response);
      else response.end('over HTTP');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [answers, http, frames, failures] = [[], [], [], []];
});

/** The far end of the connection: announces an HTTP interface, or none. */
function wireTo(isHttpThere: boolean, address = url): Pick<Connection, 'request'> {
  let tokens = 0;
  return {
    async request(name: string) {
      frames.push(name);
      const failure = failures.shift();
      if (failure) throw failure;
      if (name === 'file_chunk_request') return { encrypted_data: btoa('by a frame') };
      const access = { token: `token${++tokens}`, expires_at: Date.now() / 1000 + 900 };
      return { access: isHttpThere ? { ...access, url: address } : access };
    },
  } as unknown as Pick<Connection, 'request'>;
}

const chunk = { fileId: 'f', index: 3, totalChunks: 9 };
const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end();
const textOf = async (got: Promise<Uint8Array>): Promise<string> => new TextDecoder().decode(await got);
const roadOf = (wire: Pick<Connection, 'request'>, ending = new AbortController(), isHttpAllowed = true) =>
  new Road(wire, ending.signal, isHttpAllowed);

test('a chunk goes over HTTP where there is a way, with one token for all, and by frames where there is none', async () => {
  const road = roadOf(wireTo(true));
  expect(await textOf(road.get(chunk))).toBe('over HTTP');
  await road.put(chunk, new Uint8Array(3));
  expect(http).toEqual(['GET /v1/files/f/chunks/3 Bearer token1', 'PUT /v1/files/f/chunks/3 Bearer token1']);
  expect(frames).toEqual(['file_status']);
  expect(await textOf(roadOf(wireTo(false)).get(chunk))).toBe('by a frame');
  expect(await textOf(roadOf(wireTo(true), undefined, false).get(chunk))).toBe('by a frame');
  expect(http).toHaveLength(2);
});

test('an interface that is not reached is gone around, at once and for the next chunks', async () => {
  const road = roadOf(wireTo(true, 'http://127.0.0.1:9'));
  expect(await textOf(road.get(chunk))).toBe('by a frame');
  expect(await textOf(road.get(chunk))).toBe('by a frame');
  expect(frames).toEqual(['file_status', 'file_chunk_request', 'file_chunk_request']);
});

test('a token that is not taken any more is replaced', async () => {
  answers = [refuse(401)];
  expect(await textOf(roadOf(wireTo(true)).get(chunk))).toBe('over HTTP');
  expect(http.map((line) => line.split(' ').at(-1))).toEqual(['token1', 'token2']);
});

test('who is to come later comes when the server says, and what it refuses for good fails at once', async () => {
  answers = [refuse(429, { 'retry-after': '1' }), refuse(503)];
  const startedMs = performance.now();
  expect(await textOf(roadOf(wireTo(true)).get(chunk))).toBe('over HTTP');
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_900);
  expect(http).toHaveLength(3);
  answers = [refuse(404)];
  await expect(roadOf(wireTo(true)).get(chunk)).rejects.toThrow(TransferFailed);
  expect(http).toHaveLength(4);
});

test('by frames too: a question without an answer is asked again, and a refusal for good is the end', async () => {
  const refused = (error_code: string) =>
    new ServerRefused({ error_code, error_message: '', code: 1 } as never);
  failures = [new RequestTimedOut('no answer'), refused('SERVER_UNAVAILABLE')];
  expect(await textOf(roadOf(wireTo(false), undefined, false).get(chunk))).toBe('by a frame');
  expect(frames).toHaveLength(3);
  failures = [refused('PERMISSION_DENIED')];
  const end = roadOf(wireTo(false), undefined, false).get(chunk);
  await expect(end).rejects.toThrow(TransferFailed);
});

test('whoever ends the transfer ends the wait for the next attempt', async () => {
  answers = [refuse(429, { 'retry-after': '3600' })];
  const ending = new AbortController();
  const got = roadOf(wireTo(true), ending).get(chunk);
  setTimeout(() => ending.abort(new Error('enough')), 100);
  await expect(got).rejects.toThrow('enough');
});
