import { type Schema, type Static, Type } from '@securechat/protocol';

/**
 * The admin API's calls, and the parts of their answers this program relies on; a test compares them with docs/openapi.json. Answers may
 * contain more.
 */
export type ApiCall<Answer = unknown> = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: `/v1/admin/accounts/{user_id}`. */
  readonly path: string;
  /** The scope that a key needs. */
  readonly scope: string;
  readonly answer: Schema<Answer>;
};

const text = Type.String();
const count = Type.Integer();
const Account = { user_id: text, state: text, created_at: text, active_devices: count };
const Device = Type.Object({ device_id: text, created_at: text, revoked_at: Type.Optional(text) });
const Limit = {
  name: text,
  service: text,
  most: count,
  unit: text,
  per: text,
  window_seconds: Type.Number(),
  option: text,
};
const UsedLimit = Type.Object({
  ...Limit,
  used: Type.Optional(count),
  device_id: Type.Optional(text),
  is_own: Type.Optional(Type.Boolean()),
});
const Receipt = Type.Object({
  erasure_id: text,
  subject_sha256: text,
  asked_at: text,
  state: text,
  removed: Type.Record(count),
  waiting: Type.Record(count),
  finished_at: Type.Optional(text),
});
const Webhook = Type.Object({
  webhook_id: text,
  url: text,
  events: Type.Array(text),
  created_at: text,
  waiting: count,
  dead: count,
});
const DeadEvent = Type.Object({
  event_id: text,
  type: text,
  timestamp: text,
  attempts: count,
  failure: text,
});
const Stored = Type.Object({
  user_id: text,
  used: count,
  reserved: count,
  files: count,
  quota: Type.Optional(count),
});
const OfUser = Type.Object({ user_id: text });
const OfWebhook = Type.Object({ webhook_id: text });

export type Limits = { limits: Static<typeof UsedLimit>[]; silent: string[] };
export type Receipt = Static<typeof Receipt>;

const account = '/v1/admin/accounts/{user_id}';
const webhook = '/v1/admin/webhooks/{webhook_id}';

const call = <Answer>(
  method: ApiCall['method'],
  path: string,
  scope: string,
  answer: Schema<Answer>,
): ApiCall<Answer> => ({ method, path, scope, answer });

export const calls = {
  listAccounts: call(
    'GET',
    '/v1/admin/accounts',
    'accounts:read',
    Type.Object({ accounts: Type.Array(Type.Object(Account)), next: Type.Optional(text) }),
  ),
  describeAccount: call(
    'GET',
    account,
    'accounts:read',
    Type.Object({ ...Account, devices: Type.Array(Device) }),
  ),
  disable: call('POST', `${account}/disable`, 'accounts:write', Type.Object({ user_id: text, state: text })),
  enable: call('POST', `${account}/enable`, 'accounts:write', Type.Object({ user_id: text, state: text })),
  revoke: call('POST', `${account}/devices/{device_id}/revocation`, 'accounts:write', OfUser),
  createInvites: call(
    'POST',
    '/v1/admin/invites',
    'invites:write',
    Type.Object({ invites: Type.Array(text), expires_at: count }),
  ),
  admit: call(
    'POST',
    `${account}/admission`,
    'invites:write',
    Type.Object({ invite: Type.Optional(text), token: Type.Optional(text), expires_at: count }),
  ),
  listInvites: call(
    'GET',
    '/v1/admin/invites',
    'invites:read',
    Type.Object({
      invites: Type.Array(
        Type.Object({ invite_id: text, for_user: Type.Optional(text), created_at: text, expires_at: text }),
      ),
      next: Type.Optional(text),
    }),
  ),
  listLimits: call(
    'GET',
    '/v1/admin/limits',
    'limits:read',
    Type.Object({ limits: Type.Array(Type.Object(Limit)), silent: Type.Array(text) }),
  ),
  describeLimits: call(
    'GET',
    `${account}/limits`,
    'limits:read',
    Type.Object({ limits: Type.Array(UsedLimit), silent: Type.Array(text) }),
  ),
  listStored: call('GET', '/v1/admin/quotas', 'limits:read', Type.Object({ users: Type.Array(Stored) })),
  setQuota: call('POST', `${account}/quota`, 'limits:write', Type.Object({ user_id: text, bytes: count })),
  removeQuota: call('DELETE', `${account}/quota`, 'limits:write', OfUser),
  erase: call('DELETE', account, 'accounts:erase', Type.Object({ erasure_id: text })),
  describeErasure: call('GET', '/v1/admin/erasures/{erasure_id}', 'accounts:erase', Receipt),
  exportAccount: call('GET', `${account}/export`, 'accounts:export', Type.Object({})),
  listWebhooks: call(
    'GET',
    '/v1/admin/webhooks',
    'webhooks:read',
    Type.Object({ webhooks: Type.Array(Webhook) }),
  ),
  createWebhook: call(
    'POST',
    '/v1/admin/webhooks',
    'webhooks:write',
    Type.Object({ webhook_id: text, secret: text }),
  ),
  rotateWebhook: call(
    'POST',
    `${webhook}/secret`,
    'webhooks:write',
    Type.Object({ webhook_id: text, secret: text }),
  ),
  removeWebhook: call('DELETE', webhook, 'webhooks:write', OfWebhook),
  listDead: call('GET', `${webhook}/dead`, 'webhooks:read', Type.Object({ events: Type.Array(DeadEvent) })),
  replayDead: call(
    'POST',
    `${webhook}/replay`,
    'webhooks:write',
    Type.Object({ webhook_id: text, replayed: count }),
  ),
} as const;
