import { adminRefusals } from '../../admin/refused.ts';
import { scopes } from '../../admin/scopes.ts';
import type { AdminRoute } from './route.ts';
import { failure } from './shapes.ts';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Your name for this request. If you repeat the request with the same name within 24 hours, you get the first answer, and nothing is done again',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
};

const refusals: Record<number, string> = {
  400: 'The request does not have the required form',
  401: 'No key, a wrong one, or one that is revoked or expired',
  403: 'The key does not have the scope of this call',
  404: adminRefusals.no_such_account.advice,
  409: 'The request conflicts with what is stored; `advice` says what to do',
  429: 'Too many requests; try again after `retry_after_ms`',
  503: 'A part of the server is unavailable; try again after `retry_after_ms`',
};

/** The OpenAPI document of the admin API, built from the very objects that requests are validated against. */
export function openApiDocument(routes: readonly AdminRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'SecureChat admin API',
      version: '1',
      description:
        'For operators and the backend of an embedding product. It has no access to content or keys.',
    },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `The admin token, or a key with scopes: ${Object.entries(scopes)
            .map(([scope, what]) => `\`${scope}\` (${what})`)
            .join(', ')}`,
        },
      },
      schemas: { Failure: failure },
    },
  };
}

function operation(route: AdminRoute): object {
  const { method, scope, summary, params = {}, query = {}, body, status, answer } = route;
  const parameters = [
    ...Object.entries(params).map(([name, schema]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ...(method === 'GET' ? [] : [IDEMPOTENCY_KEY]),
  ];
  return {
    summary,
    'x-scope': scope,
    parameters,
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [status]: { description: 'Done', content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries(refusals).map(([code, description]) => [
          code,
          {
            description,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
          },
        ]),
      ),
    },
  };
}
