import cors from '@fastify/cors';
import {
  type Clock,
  createNetworkMatcher,
  createOriginMatcher,
  type Logger,
  shareSockets,
} from '@securechat/kernel';
import {
  errorMessage,
  parseJsonObject,
  SUPPORTED_FRAME_VERSIONS,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@securechat/protocol';
import { type FastifyInstance, fastify } from 'fastify';
import type { Admin } from '../admin/admin.ts';
import type { Caller } from '../admin/callers.ts';
import type { LimitsAdmin } from '../admin/limits.ts';
import type { WebhookAdmin } from '../admin/webhooks.ts';
import type { EnrolmentMode } from '../config.ts';
import type { Enrolments } from '../enrolment/enrol.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { ServiceKeys } from '../service-keys.ts';
import { addAdminRoutes } from './admin/add-routes.ts';
import { adminRoutes } from './admin/routes.ts';
import { addEnrolmentRoutes } from './enrolment-routes.ts';
import { describeFailure, logFailure, sendFailure } from './errors.ts';

export type HttpOptions = {
  enrolments: Enrolments;
  enrolmentsPerMinute: number;
  enrolment: EnrolmentMode;
  /** Without it there is no admin API. */
  admin:
    | {
        admin: Admin;
        webhooks: WebhookAdmin;
        limits: LimitsAdmin;
        findCaller(bearer: string): Promise<Caller | undefined>;
      }
    | undefined;
  serviceKeys: Pick<ServiceKeys, 'published' | 'handovers'>;
  trustedProxies: readonly string[];
  allowedOrigins: readonly string[];
  clock: Clock;
  metrics: AuthMetrics;
  logger: Logger;
};

/** Ten devices with their certificates are about 4 KiB. */
const MAX_BODY_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5000;
const MAX_CONNECTIONS = 2048;
/** Of these for one client address, so that nobody alone takes all places by being slow. */
const CONNECTIONS_PER_ADDRESS = MAX_CONNECTIONS / 4;
/** How long browsers cache a preflight answer; the longest that any of them honours is two hours. */
const PREFLIGHT_SECONDS = 600;

/** The enrolment API, not listening yet. */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const isTrustedProxy = createNetworkMatcher(options.trustedProxies);
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 1000 },
    trustProxy: isTrustedProxy,
    // values stay as sent: no type coercion, defaults or removal
    ajv: { customOptions: { coerceTypes: false, useDefaults: false, removeAdditional: false } },
    exposeHeadRoutes: false,
    frameworkErrors: async (error, _request, reply) => sendFailure(reply, describeFailure(error)),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  shareSockets(app.server, CONNECTIONS_PER_ADDRESS, isTrustedProxy);

  // answers include invites, tokens and exports: they must not be cached
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseJsonObject(body),
  );
  app.setErrorHandler(async (error, _request, reply) => {
    const failure = describeFailure(error);
    logFailure(options.logger, error, failure);
    await sendFailure(reply, failure);
  });
  app.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send(errorMessage('UNKNOWN_TYPE'));
  });

  const isAllowed = createOriginMatcher(options.allowedOrigins);
  void app.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && isAllowed(origin)),
    methods: ['GET', 'POST'],
    allowedHeaders: ['content-type'],
    exposedHeaders: ['retry-after'],
    maxAge: PREFLIGHT_SECONDS,
  });
  addEnrolmentRoutes(app, options);
  const { admin: door } = options;
  if (door) {
    const routes = adminRoutes(door.admin, door.webhooks, door.limits);
    addAdminRoutes(app, { ...options, ...door, routes });
  }
  app.get('/.well-known/securechat', async () => ({
    service_keys: options.serviceKeys.published,
    handovers: options.serviceKeys.handovers,
    enrolment: options.enrolment,
    protocol_versions: SUPPORTED_PROTOCOL_VERSIONS,
    frame_versions: SUPPORTED_FRAME_VERSIONS,
    ws_path: '/v1/ws',
  }));
  return app;
}
