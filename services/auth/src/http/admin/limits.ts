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
  service: { type: 'string', description: 'Who counts' },
  most: { type: 'integer', description: 'In `unit`' },
  unit: { type: 'string', enum: ['count', 'bytes'] },
  per: { type: 'string', enum: ['user', 'device', 'pair', 'address', 'process', 'deployment'] },
  window_seconds: { type: 'number', description: '0: at any instant' },
  option: { type: 'string', description: 'The setting of that service which sets it for all' },
};
const used = {
  used: {
    type: 'integer',
    description: 'What stands against it now; left out where nobody counts it as a number',
  },
  device_id: deviceId,
  is_own: { type: 'boolean', description: 'True: an admin gave this user another one than all have' },
};
const silent = {
  type: 'array',
  items: { type: 'string' },
  description: 'Services of which no process runs; their limits are not listed',
};

/** Limits, their usage, and quotas. */
export function limits(admin: LimitsAdmin): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/admin/limits',
      scope: 'limits:read',
      summary: 'The limits in force, as the running processes have them',
      status: 200,
      answer: object({ limits: { type: 'array', items: object(limit) }, silent }),
      handle: async () => shown(await admin.list()),
    },
    {
      method: 'GET',
      path: '/v1/admin/accounts/{user_id}/limits',
      scope: 'limits:read',
      summary:
        'What this user and its devices may do, and what stands against it now: files, what waits, rates',
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
      summary: `The ${MOST_USERS} users who keep most files, the one with most bytes first`,
      status: 200,
      answer: object({
        users: {
          type: 'array',
          items: object(
            {
              user_id: userId,
              used: bytes,
              reserved: { ...bytes, description: 'Of files on their way' },
              files: whole,
            },
            { quota: { ...bytes, description: 'Of this user alone; left out: as all have' } },
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
      summary: 'Let this user keep so many bytes of files, in place of what all may',
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
      summary: 'Let this user keep what all may',
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
