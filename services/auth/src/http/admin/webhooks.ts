import { allWebhookEvents, webhookEvents } from '../../admin/webhook-events.ts';
import type { WebhookAdmin } from '../../admin/webhooks.ts';
import type { AdminRoute } from './route.ts';
import { object, time } from './shapes.ts';

const PATH = '/v1/admin/webhooks';
const webhookId = { type: 'string', pattern: '^[A-Za-z0-9_-]{12}$' };
const url = { type: 'string', maxLength: 1024, description: 'https, at a public address' };
const event = {
  type: 'string',
  enum: allWebhookEvents,
  description: Object.entries(webhookEvents)
    .map(([name, what]) => `\`${name}\`: ${what}`)
    .join('; '),
};
const events = { type: 'array', items: event, minItems: 1, uniqueItems: true };
const secret = {
  type: 'string',
  description:
    'Key of the signatures (Standard Webhooks): `whsec_` and 32 bytes in base64. It is shown only this once',
};
const params = { webhook_id: webhookId };
const count = { type: 'integer' };

/** Backends that are notified of events. */
export function webhooks(admin: WebhookAdmin): AdminRoute[] {
  return [
    {
      method: 'POST',
      path: PATH,
      scope: 'webhooks:write',
      summary: 'Send these events to this address, signed, each at least once',
      body: object({ url, events }),
      status: 201,
      answer: object({ webhook_id: webhookId, secret }),
      async handle({ request, body }) {
        const wanted = { url: body.url as string, events: body.events as string[] };
        const { id, secret: made } = await admin.create(request, wanted);
        return { webhook_id: id, secret: made };
      },
    },
    {
      method: 'GET',
      path: PATH,
      scope: 'webhooks:read',
      summary: 'All webhooks, with the numbers of their events that wait and that were given up',
      status: 200,
      answer: object({
        webhooks: {
          type: 'array',
          items: object(
            { webhook_id: webhookId, url, events, created_at: time, waiting: count, dead: count },
            { previous_secret_until: time },
          ),
        },
      }),
      async handle() {
        const found = await admin.list();
        return {
          webhooks: found.map(({ id, created_at, previous_until, ...webhook }) => ({
            webhook_id: id,
            ...webhook,
            created_at: created_at.toISOString(),
            ...(previous_until && { previous_secret_until: previous_until.toISOString() }),
          })),
        };
      },
    },
    {
      method: 'DELETE',
      path: `${PATH}/{webhook_id}`,
      scope: 'webhooks:write',
      summary: 'Remove this webhook. Events that wait for it are not sent',
      params,
      status: 200,
      answer: object({ webhook_id: webhookId }),
      async handle({ request, params: given }) {
        await admin.remove(request, given.webhook_id ?? '');
        return given;
      },
    },
    {
      method: 'POST',
      path: `${PATH}/{webhook_id}/secret`,
      scope: 'webhooks:write',
      summary: 'Make a new secret. For 24 hours events are signed with the old one as well',
      params,
      status: 200,
      answer: object({ webhook_id: webhookId, secret }),
      async handle({ request, params: given }) {
        return { ...given, ...(await admin.rotate(request, given.webhook_id ?? '')) };
      },
    },
    ...givenUp(admin),
  ];
}

function givenUp(admin: WebhookAdmin): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: `${PATH}/{webhook_id}/dead`,
      scope: 'webhooks:read',
      summary:
        'The oldest 100 events that this address did not accept within 27 hours. They are kept for 30 days',
      params,
      status: 200,
      answer: object({
        events: {
          type: 'array',
          items: object({
            event_id: { type: 'string' },
            type: event,
            timestamp: time,
            data: { type: 'object', additionalProperties: true },
            attempts: count,
            failure: { type: 'string', description: 'How the last attempt ended' },
          }),
        },
      }),
      async handle({ params: given }) {
        const found = await admin.listDead(given.webhook_id ?? '');
        return {
          events: found.map(({ id, at, ...dead }) => ({
            event_id: id,
            timestamp: at.toISOString(),
            ...dead,
          })),
        };
      },
    },
    {
      method: 'POST',
      path: `${PATH}/{webhook_id}/replay`,
      scope: 'webhooks:write',
      summary: 'Send events again that were given up, with the same ids',
      params,
      status: 200,
      answer: object({ webhook_id: webhookId, replayed: count }),
      async handle({ request, params: given }) {
        return { ...given, replayed: await admin.replay(request, given.webhook_id ?? '') };
      },
    },
  ];
}
