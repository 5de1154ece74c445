import type { Admin } from '../../admin/admin.ts';
import type { AdminRoute } from './route.ts';
import { object, receipt, time, userId } from './shapes.ts';

/** What users may demand from whoever keeps their data. */
export function leaving(admin: Admin): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/admin/accounts/{user_id}/export',
      scope: 'accounts:export',
      summary:
        'Everything that is stored about this user, by service, without content. The call is noted in the audit log',
      params: { user_id: userId },
      status: 200,
      answer: { type: 'object', additionalProperties: true },
      handle: ({ request, params }) => admin.exportAccount(request, params.user_id ?? ''),
    },
    {
      method: 'DELETE',
      path: '/v1/admin/accounts/{user_id}',
      scope: 'accounts:erase',
      summary:
        'Erase this user for good. Its devices are refused at once; its data is deleted from all services in the background',
      params: { user_id: userId },
      status: 202,
      answer: object({ erasure_id: receipt.erasure_id }),
      async handle({ request, params }) {
        return { erasure_id: await admin.eraseAccount(request, params.user_id ?? '') };
      },
    },
    {
      method: 'GET',
      path: '/v1/admin/erasures/{erasure_id}',
      scope: 'accounts:erase',
      summary: 'Receipt of an erasure: what was deleted, and what still has to be',
      params: { erasure_id: { type: 'string', pattern: '^[A-Za-z0-9_-]{22}$' } },
      status: 200,
      answer: object(receipt, { finished_at: time }),
      async handle({ params }) {
        const found = await admin.describeErasure(params.erasure_id ?? '');
        return {
          erasure_id: found.id,
          subject_sha256: found.subject_sha256.toString('hex'),
          asked_at: found.asked_at.toISOString(),
          state: found.finished_at ? 'finished' : 'under_way',
          removed: found.removed,
          waiting: found.waiting,
          ...(found.finished_at && { finished_at: found.finished_at.toISOString() }),
        };
      },
    },
  ];
}
