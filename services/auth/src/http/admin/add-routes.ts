import type { Clock, Logger } from '@securechat/kernel';
import { errorMessage } from '@securechat/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../admin/callers.ts';
import type { AdminRequest } from '../../admin/once.ts';
import { AdminRefused } from '../../admin/refused.ts';
import { EnrolmentRefused } from '../../enrolment/outcome.ts';
import { createRateLimit } from '../rate-limit.ts';
import type { AdminRoute } from './route.ts';

/** Wrong tokens and keys per address; 60 guesses a minute are hopeless. */
const GUESSES_PER_MINUTE = 60;
/** Per key and process: enough for a product to admit ten users a second. */
const REQUESTS_PER_MINUTE = 600;
const IDEMPOTENCY_KEY = /^[A-Za-z0-9_-]{1,64}$/;

export type AdminDoor = {
  routes: readonly AdminRoute[];
  findCaller(bearer: string): Promise<Caller | undefined>;
  clock: Clock;
  logger: Logger;
};

/** /v1/admin/…, for operators and a product's backend: only with the admin token or an API key. */
export function addAdminRoutes(app: FastifyInstance, { routes, findCaller, clock, logger }: AdminDoor): void {
  const guesses = createRateLimit(GUESSES_PER_MINUTE, clock);
  const requests = createRateLimit(REQUESTS_PER_MINUTE, clock);
  const callers = new WeakMap<FastifyRequest, Caller>();

  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    // taken before the credential is checked, so that concurrent guesses get no more attempts than sequential ones
    demand(guesses.take(request.ip), 'client_address');
    const [, bearer] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const caller = bearer === undefined ? undefined : await findCaller(bearer);
    if (!caller) {
      logger.warn({}, 'admin request without a valid token or key');
      return reply.code(401).header('www-authenticate', 'Bearer').send(errorMessage('AUTHENTICATION_FAILED'));
    }
    guesses.giveBack(request.ip);
    demand(requests.take(caller.keyId ?? ''), 'api_key');
    callers.set(request, caller);
    return undefined;
  }

  function requestOf(request: FastifyRequest, { method, path }: AdminRoute): AdminRequest {
    const caller = callers.get(request);
    if (!caller) throw new TypeError('a request without a caller came through the door');
    const idempotencyKey = request.headers['idempotency-key'];
    if (Array.isArray(idempotencyKey) || (idempotencyKey && !IDEMPOTENCY_KEY.test(idempotencyKey)))
      throw new AdminRefused('bad_key');
    const question = JSON.stringify([method, path, request.params, request.body ?? {}]);
    return { caller, idempotencyKey, question };
  }

  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      onRequest: [
        admit,
        async (request) => {
          if (!callers.get(request)?.scopes.has(route.scope)) throw new AdminRefused('scope_missing');
        },
      ],
      schema: schemaOf(route),
      handler: async (request, reply) => {
        const call = {
          request: requestOf(request, route),
          params: request.params as Record<string, string>,
          query: request.query as Record<string, string>,
          body: (request.body ?? {}) as Record<string, unknown>,
        };
        const answer = await route.handle(call);
        logger.info({ path: route.path, apiKey: call.request.caller.keyId }, 'admin request');
        return reply.code(route.status).send(answer);
      },
    });
  }
}

function demand(waitMs: number, scope: string): void {
  if (waitMs > 0) throw new EnrolmentRefused('rate_limited', { retry_after_ms: waitMs, scope });
}

function schemaOf({ params, query, body, status, answer }: AdminRoute): object {
  return {
    ...(params && { params: { type: 'object', required: Object.keys(params), properties: params } }),
    querystring: { type: 'object', additionalProperties: false, properties: query ?? {} },
    ...(body && { body }),
    response: { [status]: answer },
  };
}
