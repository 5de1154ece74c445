import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export type PageServer = { origin: string; stop(): Promise<void> };

const PAGE = '<!doctype html><meta charset="utf-8"><title>SecureChat</title><link rel="icon" href="data:,">';

/** Folders by path prefix, such as `/vectors`; only their JSON files are served. Undefined: empty. */
export type Folders = Record<string, string | undefined>;

/** Serves an empty page at every path, modules by name, and folders of data. On loopback, which browsers trust like https. */
export async function servePages(
  modules: Record<string, string>,
  folders: Folders = {},
): Promise<PageServer> {
  const server = createServer((request, response) => void answer(request.url ?? '/', response));

  async function answer(path: string, response: ServerResponse): Promise<void> {
    const prefix = Object.keys(folders).find((each) => path.startsWith(`${each}/`));
    if (prefix !== undefined) {
      const folder = folders[prefix];
      // browsers have already resolved every .. in the address
      const file = folder && join(folder, path.slice(prefix.length));
      const data = file && (await readFile(file).catch(() => undefined));
      response.writeHead(data && path.endsWith('.json') ? 200 : 404, { 'content-type': 'application/json' });
      response.end(data);
      return;
    }
    const module = modules[path.slice(1)];
    response.setHeader('content-type', module === undefined ? 'text/html' : 'text/javascript');
    response.end(module ?? PAGE);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
