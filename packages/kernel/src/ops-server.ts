import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { systemClock } from './clock.ts';
import { isError } from './errors.ts';

export type OpsServerOptions = {
  /** 0 takes any free port. */
  port: number;
  host: string;
  registry: Registry;
  isReady: () => { ready: boolean; checks: Record<string, boolean> };
  /** Checked in addition to our own, which is that the event loop turns. */
  isLive?: () => boolean;
};

export type OpsServer = {
  /** The actual one, even if 0 was given. */
  port: number;
  close(): Promise<void>;
};

const BEAT_MS = 1000;
/** An event loop stuck for longer is reported as not live: no request of ours should ever take this long. */
const STUCK_AFTER_MS = 10_000;
/** Probes and scrapes come from nearby and are small. */
const REQUEST_TIMEOUT_MS = 5000;

/** GET /livez, /readyz (200 or 503 with the checks as JSON) and /metrics (Prometheus text), for operators only. */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { port, host, registry, isReady, isLive = () => true } = options;
  let lastBeatMs = systemClock.monotonicMs();
  const heart = setInterval(() => {
    lastBeatMs = systemClock.monotonicMs();
  }, BEAT_MS).unref();

  const pages: Record<string, (response: ServerResponse) => Promise<void> | void> = {
    '/livez': (response) => {
      const stuckForMs = systemClock.monotonicMs() - lastBeatMs;
      const live = stuckForMs < STUCK_AFTER_MS && isLive();
      sendJson(response, live ? 200 : 503, { live });
    },
    '/readyz': (response) => {
      const state = isReady();
      sendJson(response, state.ready ? 200 : 503, state);
    },
    '/metrics': async (response) => {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    },
  };

  const server = createServer(async (request, response) => {
    const page = pages[request.url?.split('?')[0] ?? ''];
    if (page === undefined)
      return sendJson(response, 404, { error: 'no such page', pages: Object.keys(pages) });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { error: 'GET only' });
    try {
      await page(response);
    } catch (error) {
      sendJson(response, 500, { error: isError(error) ? error.message : String(error) });
    }
  });
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = REQUEST_TIMEOUT_MS;
  server.setTimeout(REQUEST_TIMEOUT_MS);
  server.maxConnections = 64;

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  try {
    await listening;
  } catch (error) {
    clearInterval(heart);
    throw error;
  }
  server.off('error', reject);

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(heart);
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}
