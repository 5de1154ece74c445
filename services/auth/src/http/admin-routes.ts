import { createHash, timingSafeEqual } from 'node:crypto';
import { errorMessage } from '@securechat/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admin } from '../admin/admin.ts';
import { EnrolmentRefused } from '../enrolment/outcome.ts';
import { createRateLimit } from './rate-limit.ts';
import { deviceParameters, inviteRequest, userIdParameter } from './schemas.ts';
import type { HttpOptions } from './server.ts';

/** Also of wrong tokens; one that cannot be guessed at 60 a minute cannot be guessed. */
const REQUESTS_PER_MINUTE = 60;

type User = { Params: { user_id: string } };
type Device = { Params: { user_id: string; device_id: string } };
type Invites = { Body: { count: number; valid_seconds: number } };

/** /v1/admin/…, for operators and the embedding product: only with a token of its own, and not there without one. */
export function addAdminRoutes(
  app: FastifyInstance,
  options: Pick<HttpOptions, 'clock' | 'logger'> & { admin: Admin; token: string },
): void {
  const { admin, clock, logger } = options;
  const rateLimit = createRateLimit(REQUESTS_PER_MINUTE, clock);
  const expected = sha256(`Bearer ${options.token}`);

  async function authorize(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const waitMs = rateLimit.take(request.ip);
    if (waitMs > 0)
      throw new EnrolmentRefused('rate_limited', { retry_after_ms: waitMs, scope: 'client_address' });
    // hashes are of one length, and comparing them tells nothing of the token
    if (timingSafeEqual(sha256(request.headers.authorization ?? ''), expected)) return undefined;
    logger.warn({}, 'admin request without the right token');
    return reply.code(401).header('www-authenticate', 'Bearer').send(errorMessage('AUTHENTICATION_FAILED'));
  }

  async function answer(
    reply: FastifyReply,
    action: string,
    isDone: boolean,
    body: object,
  ): Promise<FastifyReply> {
    logger.info({ action, isDone }, 'admin request');
    return reply.code(isDone ? 200 : 404).send(isDone ? body : errorMessage('USER_NOT_FOUND'));
  }

  app.post<Invites>(
    '/v1/admin/invites',
    { onRequest: authorize, schema: { body: inviteRequest } },
    async (request, reply) => {
      const { count, valid_seconds: validSeconds } = request.body;
      const { codes, expiresAt } = await admin.createInvites(count, validSeconds);
      logger.info({ action: 'create_invites', count }, 'admin request');
      const expires_at = Math.floor(expiresAt.getTime() / 1000);
      return reply.code(201).send({ invites: codes, expires_at });
    },
  );

  app.post<Device>(
    '/v1/admin/accounts/:user_id/devices/:device_id/revocation',
    { onRequest: authorize, schema: { params: deviceParameters } },
    async (request, reply) => {
      const { user_id, device_id } = request.params;
      const isDone = await admin.revokeDevice(user_id, device_id);
      return answer(reply, 'revoke_device', isDone, { user_id, device_id });
    },
  );

  for (const [path, state] of [
    ['disable', 'disabled'],
    ['enable', 'active'],
  ] as const) {
    app.post<User>(
      `/v1/admin/accounts/:user_id/${path}`,
      { onRequest: authorize, schema: { params: userIdParameter } },
      async (request, reply) => {
        const { user_id } = request.params;
        const isDone = await admin.setState(user_id, state);
        return answer(reply, `${path}_account`, isDone, { user_id, state });
      },
    );
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
