import type { AccountState, Admin } from '../../admin/admin.ts';
import type { LimitsAdmin } from '../../admin/limits.ts';
import type { WebhookAdmin } from '../../admin/webhooks.ts';
import type { AccountRow } from '../../store/admin-store.ts';
import { leaving } from './leaving.ts';
import { limits } from './limits.ts';
import type { AdminCall, AdminRoute } from './route.ts';
import {
  account,
  accountState,
  admissionWanted,
  device,
  deviceId,
  inviteId,
  invitesWanted,
  object,
  time,
  unixSeconds,
  userId,
} from './shapes.ts';
import { webhooks } from './webhooks.ts';

const PAGE = 100;

/** All calls, in the order of the document. */
export function adminRoutes(
  admin: Admin,
  webhookAdmin: WebhookAdmin,
  limitsAdmin: LimitsAdmin,
): AdminRoute[] {
  return [
    ...peopleToCome(admin),
    ...accounts(admin),
    ...changes(admin),
    ...leaving(admin),
    ...limits(limitsAdmin),
    ...webhooks(webhookAdmin),
  ];
}

function peopleToCome(admin: Admin): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: '/v1/admin/invites',
      scope: 'invites:write',
      summary: 'Make invites. Each lets whoever has it create one account (AUTH_ENROLMENT=invite)',
      body: invitesWanted,
      status: 201,
      answer: object({ invites: { type: 'array', items: { type: 'string' } }, expires_at: unixSeconds }),
      async handle({ request, body }) {
        const { codes, expiresAt } = await admin.createInvites(
          request,
          body.count as number,
          body.valid_seconds as number,
        );
        return { invites: codes, expires_at: expiresAt };
      },
    },
    {
      method: 'GET',
      path: '/v1/admin/invites',
      scope: 'invites:read',
      summary: `Invites that can still be used, without their codes, by time of expiry, ${PAGE} at a time`,
      query: { after: { ...inviteId, description: '`next` of the previous page' } },
      status: 200,
      answer: object(
        {
          invites: {
            type: 'array',
            items: object(
              { invite_id: inviteId, created_at: time, expires_at: time },
              { for_user: { ...userId, description: 'Only this user can use it' } },
            ),
          },
        },
        { next: inviteId },
      ),
      async handle({ query }) {
        const after = query.after === undefined ? undefined : Buffer.from(query.after, 'hex');
        const found = await admin.listInvites(after, PAGE);
        const invites = found.map(({ code_sha256, created_at, expires_at, for_user }) => ({
          invite_id: code_sha256.toString('hex'),
          created_at: created_at.toISOString(),
          expires_at: expires_at.toISOString(),
          ...(for_user !== null && { for_user }),
        }));
        return { invites, ...(found.length === PAGE ? { next: invites.at(-1)?.invite_id } : {}) };
      },
    },
    {
      method: 'POST',
      path: '/v1/admin/accounts/{user_id}/admission',
      scope: 'invites:write',
      summary:
        'Let this user create its account, by an invite that only it can use or a signed token, whichever AUTH_ENROLMENT requires',
      params: { user_id: userId },
      body: admissionWanted,
      status: 201,
      answer: object(
        { user_id: userId, expires_at: unixSeconds },
        { invite: { type: 'string' }, token: { type: 'string' } },
      ),
      async handle({ request, params, body }) {
        const user = params.user_id ?? '';
        const { credential, expiresAt } = await admin.admit(request, user, body.valid_seconds as number);
        return { user_id: user, expires_at: expiresAt, ...credential };
      },
    },
  ];
}

function accounts(admin: Admin): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/admin/accounts',
      scope: 'accounts:read',
      summary: `Accounts by name, ${PAGE} at a time`,
      query: { after: { type: 'string', maxLength: 64, description: '`next` of the previous page' } },
      status: 200,
      answer: object({ accounts: { type: 'array', items: object(account) } }, { next: userId }),
      async handle({ query }) {
        const found = await admin.listAccounts(query.after ?? '', PAGE);
        const isFull = found.length === PAGE;
        return { accounts: found.map(shown), ...(isFull ? { next: found.at(-1)?.user_id } : {}) };
      },
    },
    {
      method: 'GET',
      path: '/v1/admin/accounts/{user_id}',
      scope: 'accounts:read',
      summary: 'One account and its devices',
      params: { user_id: userId },
      status: 200,
      answer: object({ ...account, devices: { type: 'array', items: device } }),
      async handle({ params }) {
        const found = await admin.describeAccount(params.user_id ?? '');
        const devices = found.devices.map(({ device_id, created_at, revoked_at }) => ({
          device_id,
          created_at: created_at.toISOString(),
          ...(revoked_at && { revoked_at: revoked_at.toISOString() }),
        }));
        return { ...shown(found), devices };
      },
    },
  ];
}

function changes(admin: Admin): AdminRoute[] {
  return [
    stateChange(admin, 'disable', 'disabled', 'Suspend an account. Its devices are not served any more'),
    stateChange(admin, 'enable', 'active', 'Serve the devices of a suspended account again'),
    {
      method: 'POST',
      path: '/v1/admin/accounts/{user_id}/devices/{device_id}/revocation',
      scope: 'accounts:write',
      summary: 'Revoke this device for good',
      params: { user_id: userId, device_id: deviceId },
      status: 200,
      answer: object({ user_id: userId, device_id: deviceId }),
      async handle({ request, params }) {
        await admin.revokeDevice(request, params.user_id ?? '', params.device_id ?? '');
        return params;
      },
    },
  ];
}

function stateChange(admin: Admin, word: string, state: AccountState, summary: string): AdminRoute {
  return {
    method: 'POST',
    path: `/v1/admin/accounts/{user_id}/${word}`,
    scope: 'accounts:write',
    summary,
    params: { user_id: userId },
    status: 200,
    answer: object({ user_id: userId, state: accountState }),
    async handle({ request, params }: AdminCall) {
      await admin.setState(request, params.user_id ?? '', state);
      return { ...params, state };
    },
  };
}

const shown = ({ user_id, state, created_at, active_devices }: AccountRow): object => ({
  user_id,
  state,
  created_at: created_at.toISOString(),
  active_devices,
});
