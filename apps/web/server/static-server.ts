import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { cacheHeader, type Doors, pageHeaders } from './headers.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** A browser asks in a few hundred bytes and at once. */
const REQUEST_DEADLINE_MS = 10_000;

/**
 * Serves a built page and its `config.json`, for a laptop and for tests. All files are in memory, and a request names one
 * of them or gets 404: no path leads to the disk. In production any static web server does the same.
 */
export function createStaticServer(folder: string, doors: Doors): Server {
  const files = new Map<string, Buffer>(
    readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]),
  );
  files.set(
    '/config.json',
    Buffer.from(JSON.stringify({ server: { http: doors.http, socket: doors.socket } })),
  );
  const headers = pageHeaders(doors);

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const name = path === '/' ? '/index.html' : path;
    const file = files.get(name);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
    if (file === undefined) return end(response, 404);
    response.writeHead(200, {
      ...headers,
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-length': file.length,
      'cache-control': cacheHeader(name),
    });
    response.end(request.method === 'HEAD' ? undefined : file);
  }

  function end(response: ServerResponse, status: number): void {
    response.writeHead(status, headers);
    response.end();
  }

  return createServer({ requestTimeout: REQUEST_DEADLINE_MS }, answer);
}
