import {
  type Clock,
  createEndpoints,
  createLogger,
  createMetrics,
  openPool,
  type RedisClient,
  readConfig,
  systemClock,
} from '@securechat/kernel';
import type { ErrorBody } from '@securechat/protocol';
import type { Pool } from 'pg';
import { createAdmin } from '../admin/admin.ts';
import { createAdmit } from '../admin/admit.ts';
import { createCallers } from '../admin/callers.ts';
import { createLimitsAdmin, type LimitsAdmin } from '../admin/limits.ts';
import { createWebhookAdmin } from '../admin/webhooks.ts';
import { type EnrolmentMode, limitsOptions } from '../config.ts';
import { type Admission, openAdmission } from '../enrolment/admission.ts';
import { createEnrolments } from '../enrolment/enrol.ts';
import { createHttpServer, type HttpOptions } from '../http/server.ts';
import { createKeyLimitsOf } from '../keys/key-parts.ts';
import { createAuthMetrics } from '../metrics.ts';

type Reply = {
  status: number;
  headers: Record<string, unknown>;
  body: { user_id?: string; invites?: string[]; advice?: string } & Partial<ErrorBody> &
    Record<string, unknown>;
};
export type TestHttpOptions = {
  enrolmentsPerMinute?: number;
  trustedProxies?: string[];
  allowedOrigins?: string[];
  enrolment?: EnrolmentMode;
  admission?: (pool: Pool) => Admission;
  adminToken?: string;
  /** With `jwt`: the key that signs the tokens. */
  jwtSecret?: string;
  publish?: () => Promise<void>;
  /** Of the limits. */
  clock?: Clock;
  /** For reporting limits; without it nobody may ask. */
  store?: { redis: RedisClient; url: string; prefix: string };
};
export type TestHttp = {
  post(
    path: string,
    body: unknown,
    from?: { address?: string; forwardedFor?: string; bearer?: string; idempotencyKey?: string },
  ): Promise<Reply>;
  /** What a browser would send for a page of this origin, or any other request. */
  ask(request: {
    method: 'GET' | 'OPTIONS' | 'POST' | 'DELETE';
    path: string;
    headers: Record<string, string>;
  }): Promise<{ status: number; headers: Record<string, unknown>; text: string }>;
  /** As Prometheus would read them. */
  metrics(): Promise<string>;
  close(): Promise<void>;
};

function adminOf(pool: Pool, publish: () => Promise<void>, options: TestHttpOptions): HttpOptions['admin'] {
  const { adminToken, enrolment: mode = 'open', jwtSecret } = options;
  if (adminToken === undefined) return undefined;
  const jwt = { jwtSecret, jwtIssuer: 'product', jwtAudience: 'chat', jwtUserClaim: 'sub' };
  const admit = createAdmit({ mode, ...jwt, clock: systemClock });
  return {
    admin: createAdmin({ pool, admit, publish }),
    webhooks: createWebhookAdmin({ pool, endpoints: createEndpoints([]) }),
    limits: limitsOf(pool, options),
    findCaller: createCallers(pool, adminToken),
  };
}

function limitsOf(pool: Pool, { store }: TestHttpOptions): LimitsAdmin {
  if (store === undefined) return {} as LimitsAdmin;
  const { redis, url, prefix } = store;
  const env = { POSTGRES_URL: 'postgres://none', REDIS_URL: url, STREAM_PREFIX: prefix };
  const { config } = readConfig(limitsOptions, env);
  return createLimitsAdmin({ pool, redis, keyLimits: createKeyLimitsOf(config, redis), config });
}

/** The enrolment API on a real database, without a socket. */
export function openTestHttp(postgresUrl: string, options: TestHttpOptions = {}): TestHttp {
  const pool = openPool(postgresUrl, { applicationName: 'auth-test', max: 8 });
  const { publish = async () => {} } = options;
  const admission = options.admission?.(pool) ?? openAdmission;
  const metrics = createMetrics('auth');
  const app = createHttpServer({
    enrolments: createEnrolments({ pool, clock: systemClock, admission, publish }),
    admin: adminOf(pool, publish, options),
    enrolmentsPerMinute: options.enrolmentsPerMinute ?? 100_000,
    enrolment: options.enrolment ?? 'open',
    serviceKeys: { published: [], handovers: [] },
    trustedProxies: options.trustedProxies ?? [],
    allowedOrigins: options.allowedOrigins ?? [],
    clock: options.clock ?? systemClock,
    metrics: createAuthMetrics(metrics),
    logger: createLogger({ service: 'auth', instance: 'test', level: 'silent' }),
  });
  return {
    async post(path, body, { address = '127.0.0.1', forwardedFor, bearer, idempotencyKey } = {}) {
      const response = await app.inject({
        method: 'POST',
        url: path,
        remoteAddress: address,
        headers: {
          'content-type': 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
        },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.statusCode, headers: response.headers, body: response.json() };
    },
    async ask({ method, path, headers }) {
      const response = await app.inject({ method, url: path, headers });
      return { status: response.statusCode, headers: response.headers, text: response.payload };
    },
    metrics: () => metrics.registry.metrics(),
    async close() {
      await app.close();
      await pool.end();
    },
  };
}
