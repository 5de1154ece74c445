import cors from '@fastify/cors';
import { createNetworkMatcher, createOriginMatcher, type Logger, shareSockets } from '@securechat/kernel';
import { errorMessage } from '@securechat/protocol';
import { type FastifyInstance, fastify } from 'fastify';
import { addDownloadRoutes } from './download-routes.ts';
import { describeFailure, logFailure, sendFailure } from './errors.ts';
import type { FileHttpParts } from './parts.ts';
import { createPlaces } from './places.ts';
import { addUploadRoutes } from './upload-routes.ts';

export type HttpOptions = Omit<FileHttpParts, 'places'> & {
  trustedProxies: readonly string[];
  allowedOrigins: readonly string[];
  /** An idle connection is closed after this; for tests. */
  idleMs?: number;
  logger: Logger;
};

/** Of all requests but chunks: their bodies are read before anybody knows who sent them. */
const MAX_BODY_BYTES = 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** A chunk may have to wait under the user's limit, and then takes a slow line's time. */
const REQUEST_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_MS = 30_000;
const MAX_CONNECTIONS = 2048;
/** Of these for one client address, so that nobody alone takes all places by being slow. */
const CONNECTIONS_PER_ADDRESS = MAX_CONNECTIONS / 4;
/** How long browsers cache a preflight answer. */
const PREFLIGHT_SECONDS = 600;

/** Raw bytes over HTTP, for sessions with a token; not listening yet. */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { logger } = options;
  const isTrustedProxy = createNetworkMatcher(options.trustedProxies);
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // a client that requests a file and does not read it would hold a connection for ever
    connectionTimeout: options.idleMs ?? REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 1000 },
    trustProxy: isTrustedProxy,
    exposeHeadRoutes: false,
    frameworkErrors: async (error, _request, reply) => sendFailure(reply, describeFailure(error)),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  shareSockets(app.server, CONNECTIONS_PER_ADDRESS, isTrustedProxy);

  // unless a route overrides it: who has which files must not be cached, and bytes must not be sniffed
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  const places = createPlaces();
  app.addHook('onRequest', async (request, reply) => places.watch(request, reply));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
  app.setErrorHandler(async (error, _request, reply) => {
    const failure = describeFailure(error);
    logFailure(logger, error, failure);
    await sendFailure(reply, failure);
  });
  app.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send(errorMessage('UNKNOWN_TYPE'));
  });

  const isAllowed = createOriginMatcher(options.allowedOrigins);
  void app.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && isAllowed(origin)),
    methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'range'],
    exposedHeaders: ['retry-after', 'content-range', 'etag'],
    maxAge: PREFLIGHT_SECONDS,
  });
  addUploadRoutes(app, { ...options, places });
  addDownloadRoutes(app, { ...options, places });
  return app;
}
