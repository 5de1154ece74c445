import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AccountRequest } from '../enrolment/create-account.ts';
import type { DeviceRequest, RecoveryRequest, RevocationRequest } from '../enrolment/enrol.ts';
import { type Enrolment, EnrolmentRefused, refuse } from '../enrolment/outcome.ts';
import type { EnrolmentKind } from '../metrics.ts';
import { describeFailure } from './errors.ts';
import { createRateLimit } from './rate-limit.ts';
import {
  accountRequestFor,
  deviceParameters,
  deviceRequest,
  recoveryRequest,
  revocationRequest,
  userIdParameter,
} from './schemas.ts';
import type { HttpOptions } from './server.ts';

type User = { Params: { user_id: string } };
type Device = { Params: { user_id: string; device_id: string } };

/** POST /v1/accounts and below it. 201 when something is new, 200 when it already existed. */
export function addEnrolmentRoutes(app: FastifyInstance, options: HttpOptions): void {
  const { enrolments, metrics, clock } = options;
  const rateLimit = createRateLimit(options.enrolmentsPerMinute, clock);

  /** Common to all enrolments: the limit is checked before the body is read, and each is counted once. */
  const routeOf = (kind: EnrolmentKind) => ({
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

  async function send(kind: EnrolmentKind, reply: FastifyReply, enrolment: Enrolment): Promise<void> {
    const { outcome, user_id, device_id } = enrolment;
    metrics.enrolled(kind, outcome);
    await reply.code(outcome === 'created' ? 201 : 200).send({ user_id, device_id });
  }

  app.post<{ Body: AccountRequest }>(
    '/v1/accounts',
    { ...routeOf('account'), schema: { body: accountRequestFor(options.enrolment) } },
    async (request, reply) => send('account', reply, await enrolments.createAccount(request.body)),
  );

  app.post<User & { Body: DeviceRequest }>(
    '/v1/accounts/:user_id/devices',
    { ...routeOf('device'), schema: { body: deviceRequest, params: userIdParameter } },
    async ({ body, params }, reply) => {
      checkUser(body, params);
      await send('device', reply, await enrolments.addDevice(body));
    },
  );

  app.post<Device & { Body: RevocationRequest }>(
    '/v1/accounts/:user_id/devices/:device_id/revocation',
    { ...routeOf('revocation'), schema: { body: revocationRequest, params: deviceParameters } },
    async ({ body, params }, reply) => {
      checkUser(body, params);
      await send('revocation', reply, await enrolments.revokeDevice(params.device_id, body));
    },
  );

  app.post<User & { Body: RecoveryRequest }>(
    '/v1/accounts/:user_id/recovery',
    { ...routeOf('recovery'), schema: { body: recoveryRequest, params: userIdParameter } },
    async ({ body, params }, reply) => {
      checkUser(body, params);
      await send('recovery', reply, await enrolments.recover(body));
    },
  );
}

function checkUser({ list }: RevocationRequest, params: { user_id: string }): void {
  if (list.user_id !== params.user_id) refuse('bad_form', '/list/user_id');
}
