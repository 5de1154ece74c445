import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cacheHeader, type Doors, pageHeaders } from './headers.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** A browser's request is a few hundred bytes, sent at once. */
const REQUEST_DEADLINE_MS = 10_000;

type File = { plain: Buffer; gzip: Buffer };
const both = (plain: Buffer): File => ({ plain, gzip: gzipSync(plain, { level: 9 }) });

/**
 * Serves a built page and its `config.json`, for a laptop and for tests. All files are in memory, compressed once; a request names one of
 * them or gets 404, so no path reaches the disk. In production any static web server will do.
 */
export function createStaticServer(folder: string, doors: Doors): Server {
  const files = new Map<string, File>(
    readdirSync(folder).map((name) => [`/${name}`, both(readFileSync(join(folder, name)))]),
  );
  const config = { server: { http: doors.http, socket: doors.socket } };
  files.set('/config.json', both(Buffer.from(JSON.stringify(config))));
  const headers = pageHeaders(doors);

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const name = path === '/' ? '/index.html' : path;
    const file = files.get(name);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
    if (file === undefined) return end(response, 404);
    const isCompressed = takesGzip(request);
    const bytes = isCompressed ? file.gzip : file.plain;
    response.writeHead(200, {
      ...headers,
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
      vary: 'accept-encoding',
      'content-length': bytes.length,
      'cache-control': cacheHeader(name),
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  function end(response: ServerResponse, status: number): void {
    response.writeHead(status, headers);
    response.end();
  }

  return createServer({ requestTimeout: REQUEST_DEADLINE_MS }, answer);
}

/** Accepts gzip, and does not refuse it (`gzip;q=0`). */
function takesGzip({ headers }: IncomingMessage): boolean {
  const codings = (headers['accept-encoding'] ?? '').split(',');
  return codings.some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/.test(coding));
}
