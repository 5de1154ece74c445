import { MAX_FILE_BYTES } from '@securechat/protocol';
import type { LimitsAdmin, NamedLimit, Told, UsedLimit } from '../../admin/limits.ts';
import type { AdminRoute } from './route.ts';
import { deviceId, object, userId } from './shapes.ts';

/** The users who store most; the rest do not fill a disk. */
const MOST_USERS = 100;

const whole = { type: 'integer' };
const bytes = { type: 'integer', description: 'Bytes of ciphertext' };
const limit = {
  name: { type: 'string' },
  service: { type: 'string', description: 'The service that counts' },
  most: { type: 'integer', description: 'In `unit`' },
  unit: { type: 'string', enum: ['count', 'bytes'] },
  per: { type: 'string', enum: ['user', 'device', 'pair', 'address', 'process', 'deployment'] },
  window_seconds: { type: 'number', description: '0: at any moment' },
  option: { type: 'string', description: 'The setting of that service that sets this limit for everybody' },
};
const used = {
  used: {
    type: 'integer',
    description: 'How much of the limit is used now; absent for limits that are not counted as a number',
  },
  device_id: deviceId,
  is_own: {
    type: 'boolean',
    description: 'True if an admin set another limit for this user than for everybody',
  },
};
const silent = {
  type: 'array',
  items: { type: 'string' },
  description: 'Services without a running process; their limits are not listed',
};

/** Limits, their usage, and quotas. */
export function limits(admin: LimitsAdmin): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/admin/limits',
      scope: 'limits:read',
      summary: 'The limits that the running processes apply',
      status: 200,
      answer: object({ limits: { type: 'array', items: object(limit) }, silent }),
      handle: async () => shown(await admin.list()),
    },
    {
      method: 'GET',
      path: '/v1/admin/accounts/{user_id}/limits',
      scope: 'limits:read',
      summary:
        'The limits of this user and its devices, and how much of each is used now: files, waiting messages, rates',
      params: { user_id: userId },
      status: 200,
      answer: object({ user_id: userId, limits: { type: 'array', items: object(limit, used) }, silent }),
      async handle({ params }) {
        return { ...params, ...shown(await admin.describe(params.user_id ?? '')) };
      },
    },
    ...quotas(admin),
  ];
}

function quotas(admin: LimitsAdmin): AdminRoute[] {
  const path = '/v1/admin/accounts/{user_id}/quota';
  return [
    {
      method: 'GET',
      path: '/v1/admin/quotas',
      scope: 'limits:read',
      summary: `The ${MOST_USERS} users with the most bytes of files, the largest first`,
      status: 200,
      answer: object({
        users: {
          type: 'array',
          items: object(
            {
              user_id: userId,
              used: bytes,
              reserved: { ...bytes, description: 'For files that are being uploaded' },
              files: whole,
            },
            { quota: { ...bytes, description: 'Set for this user; absent if it has the same as everybody' } },
          ),
        },
      }),
      async handle() {
        const users = await admin.listStored(MOST_USERS);
        return { users: users.map(({ quota, ...user }) => ({ ...user, ...(quota !== null && { quota }) })) };
      },
    },
    {
      method: 'POST',
      path,
      scope: 'limits:write',
      summary: 'Set a quota of files for this user, instead of that of everybody',
      params: { user_id: userId },
      body: object({ bytes: { type: 'integer', minimum: 1, maximum: MAX_FILE_BYTES } }),
      status: 200,
      answer: object({ user_id: userId, bytes }),
      async handle({ request, params, body }) {
        await admin.setQuota(request, params.user_id ?? '', body.bytes as number);
        return { ...params, bytes: body.bytes };
      },
    },
    {
      method: 'DELETE',
      path,
      scope: 'limits:write',
      summary: 'Remove the quota of this user, which then has that of everybody',
      params: { user_id: userId },
      status: 200,
      answer: object({ user_id: userId }),
      async handle({ request, params }) {
        await admin.setQuota(request, params.user_id ?? '', undefined);
        return params;
      },
    },
  ];
}

const shown = (told: Told<NamedLimit | UsedLimit>): object => ({
  ...told,
  limits: told.limits.map(({ windowMs, ...rest }) => ({ ...rest, window_seconds: windowMs / 1000 })),
});
