import type { AdminRequest } from '../../admin/once.ts';
import type { Scope } from '../../admin/scopes.ts';

/** What a handler gets: everything has the form that the route demands. */
export type AdminCall = {
  request: AdminRequest;
  params: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown>;
};

/** One call of the admin API: the routes and the OpenAPI document are both made of it. */
export type AdminRoute = {
  method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: `/v1/admin/accounts/{user_id}`. */
  path: string;
  scope: Scope;
  summary: string;
  params?: Record<string, object>;
  /** Texts, as they come in a query; all may be left out. */
  query?: Record<string, { type: 'string' } & Record<string, unknown>>;
  /** A closed object. */
  body?: object;
  status: 200 | 201 | 202;
  /** What is sent is cut to this form, so that it is true. */
  answer: object;
  handle(call: AdminCall): Promise<object>;
};
