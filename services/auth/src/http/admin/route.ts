import type { AdminRequest } from '../../admin/once.ts';
import type { Scope } from '../../admin/scopes.ts';

/** What a handler gets: everything is already validated against the route's schemas. */
export type AdminCall = {
  request: AdminRequest;
  params: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown>;
};

/** One call of the admin API: both the route and its OpenAPI entry are built from it. */
export type AdminRoute = {
  method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: `/v1/admin/accounts/{user_id}`. */
  path: string;
  scope: Scope;
  summary: string;
  params?: Record<string, object>;
  /** Texts, as in a query string; all are optional. */
  query?: Record<string, { type: 'string' } & Record<string, unknown>>;
  /** A closed object. */
  body?: object;
  status: 200 | 201 | 202;
  /** Answers are serialised to this schema, which keeps it true. */
  answer: object;
  handle(call: AdminCall): Promise<object>;
};
