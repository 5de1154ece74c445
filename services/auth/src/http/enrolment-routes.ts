import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Enrolment, EnrolmentRequest } from '../enrolment/enrol.ts';
import { EnrolmentRefused, refuse } from '../enrolment/outcome.ts';
import { describeFailure } from './errors.ts';
import { createRateLimit } from './rate-limit.ts';
import { accountRequest, deviceRequest, userIdParameter } from './schemas.ts';
import type { HttpOptions } from './server.ts';

type AccountRoute = { Body: EnrolmentRequest };
type DeviceRoute = { Body: EnrolmentRequest; Params: { user_id: string } };

/** POST /v1/accounts and /v1/accounts/:user_id/devices. 201 when something is new, 200 when it was there. */
export function addEnrolmentRoutes(app: FastifyInstance, options: HttpOptions): void {
  const { enrolments, metrics, clock } = options;
  const rateLimit = createRateLimit(options.enrolmentsPerMinute, clock);

  /** What every enrolment has in common: the limit before the body is read, and being counted once. */
  const routeOf = (kind: 'account' | 'device') => ({
    onRequest: async (request: { ip: string }): Promise<void> => {
      const waitMs = rateLimit.take(request.ip);
      if (waitMs > 0)
        throw new EnrolmentRefused('rate_limited', { retry_after_ms: waitMs, scope: 'client_address' });
    },
    onError: async (_request: unknown, _reply: unknown, error: unknown): Promise<void> => {
      metrics.enrolled(kind, describeFailure(error).outcome);
    },
    onResponse: async (_request: unknown, reply: FastifyReply): Promise<void> => {
      if (reply.statusCode !== 429) metrics.enrolmentTook(reply.elapsedTime);
    },
  });

  async function send(kind: 'account' | 'device', reply: FastifyReply, enrolment: Enrolment): Promise<void> {
    const { outcome, user_id, device_id } = enrolment;
    metrics.enrolled(kind, outcome);
    await reply.code(outcome === 'created' ? 201 : 200).send({ user_id, device_id });
  }

  app.post<AccountRoute>(
    '/v1/accounts',
    { ...routeOf('account'), schema: { body: accountRequest } },
    async (request, reply) => send('account', reply, await enrolments.createAccount(request.body)),
  );

  app.post<DeviceRoute>(
    '/v1/accounts/:user_id/devices',
    { ...routeOf('device'), schema: { body: deviceRequest, params: userIdParameter } },
    async (request, reply) => {
      if (request.body.list.user_id !== request.params.user_id) refuse('bad_form', '/list/user_id');
      await send('device', reply, await enrolments.addDevice(request.body));
    },
  );
}
