import { createLogger, createMetrics, openPool, systemClock } from '@securechat/kernel';
import type { ErrorBody } from '@securechat/protocol';
import { createEnrolments } from '../enrolment/enrol.ts';
import { createHttpServer } from '../http/server.ts';
import { createAuthMetrics } from '../metrics.ts';

export type Reply = {
  status: number;
  headers: Record<string, unknown>;
  body: { user_id?: string } & Partial<ErrorBody>;
};
export type TestHttp = {
  post(path: string, body: unknown, from?: { address?: string; forwardedFor?: string }): Promise<Reply>;
  /** As Prometheus would read them. */
  metrics(): Promise<string>;
  close(): Promise<void>;
};

/** The enrolment API on a real database, without a socket. */
export function openTestHttp(
  postgresUrl: string,
  options: { enrolmentsPerMinute?: number; trustedProxies?: string[] } = {},
): TestHttp {
  const pool = openPool(postgresUrl, { applicationName: 'auth-test', max: 8 });
  const metrics = createMetrics('auth');
  const app = createHttpServer({
    enrolments: createEnrolments(pool, systemClock),
    enrolmentsPerMinute: options.enrolmentsPerMinute ?? 100_000,
    enrolment: 'open',
    serviceKeys: [],
    trustedProxies: options.trustedProxies ?? [],
    clock: systemClock,
    metrics: createAuthMetrics(metrics),
    logger: createLogger({ service: 'auth', instance: 'test', level: 'silent' }),
  });
  return {
    async post(path, body, { address = '127.0.0.1', forwardedFor } = {}) {
      const response = await app.inject({
        method: 'POST',
        url: path,
        remoteAddress: address,
        headers: {
          'content-type': 'application/json',
          ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
        },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.statusCode, headers: response.headers, body: response.json() };
    },
    metrics: () => metrics.registry.metrics(),
    async close() {
      await app.close();
      await pool.end();
    },
  };
}
