import { createHmac, randomBytes } from 'node:crypto';
import type { Endpoints } from '@securechat/kernel';
import type { ClientBase, Pool } from 'pg';
import { insertAudit } from '../store/admin-store.ts';
import {
  countWebhooks,
  type DeadEventRow,
  deleteWebhook,
  insertWebhook,
  listDeadEvents,
  listWebhooks,
  replaceSecret,
  reviveDeadEvents,
  type WebhookRow,
} from '../store/webhook-store.ts';
import { type AdminRequest, once } from './once.ts';
import { AdminRefused } from './refused.ts';

/** Each event is written once per webhook that subscribes to it, so their number is a factor. */
const MAX_WEBHOOKS = 20;
const MAX_DEAD_SHOWN = 100;
const ID_BYTES = 9;
const SECRET_BYTES = 32;

/**
 * Manages webhooks. Push sends the events that triggers have written; this decides who gets them, and lists failed
 * ones.
 */
export type WebhookAdmin = {
  /** The secret is shown only once, or again to a repeated request. */
  create(
    request: AdminRequest,
    wanted: { url: string; events: readonly string[] },
  ): Promise<{ id: string; secret: string }>;
  list(): Promise<WebhookRow[]>;
  /** Its undelivered events are deleted with it. */
  remove(request: AdminRequest, id: string): Promise<void>;
  /** For a day, deliveries are signed with both secrets. */
  rotate(request: AdminRequest, id: string): Promise<{ secret: string }>;
  listDead(id: string): Promise<DeadEventRow[]>;
  /** Resolves with the number of events to be sent again. */
  replay(request: AdminRequest, id: string): Promise<number>;
};

export function createWebhookAdmin(parts: { pool: Pool; endpoints: Endpoints }): WebhookAdmin {
  const { pool, endpoints } = parts;

  /** One action on one webhook, audited in its transaction. */
  const act = <Answer>(
    request: AdminRequest,
    action: 'remove_webhook' | 'rotate_webhook' | 'replay_webhook',
    id: string,
    work: (client: ClientBase) => Promise<Answer | undefined>,
  ): Promise<Answer> =>
    once(pool, request, async (client) => {
      const answer = await work(client);
      if (answer === undefined) throw new AdminRefused('no_such_webhook');
      await insertAudit(client, { action, keyId: request.caller.keyId, webhook: id });
      return answer;
    });

  return {
    async create(request, { url, events }) {
      if (!endpoints.isAcceptable(url)) throw new AdminRefused('unacceptable_url');
      const secret = secretFor(request);
      const { id } = await once(pool, request, async (client) => {
        if ((await countWebhooks(client)) >= MAX_WEBHOOKS) throw new AdminRefused('too_many_webhooks');
        const made = randomBytes(ID_BYTES).toString('base64url');
        await insertWebhook(client, { id: made, url, events, secret });
        await insertAudit(client, { action: 'create_webhook', keyId: request.caller.keyId, webhook: made });
        return { id: made };
      });
      return { id, secret: shown(secret) };
    },

    list: () => listWebhooks(pool),

    async remove(request, id) {
      await act(request, 'remove_webhook', id, async (client) =>
        (await deleteWebhook(client, id)) ? {} : undefined,
      );
    },

    async rotate(request, id) {
      const secret = secretFor(request);
      await act(request, 'rotate_webhook', id, async (client) =>
        (await replaceSecret(client, id, secret)) ? {} : undefined,
      );
      return { secret: shown(secret) };
    },

    async listDead(id) {
      const found = await listDeadEvents(pool, id, MAX_DEAD_SHOWN);
      if (!found) throw new AdminRefused('no_such_webhook');
      return found;
    },

    replay: (request, id) => act(request, 'replay_webhook', id, (client) => reviveDeadEvents(client, id)),
  };
}

/** Random, or for a repeatable request derived from the caller's own secret, like codes (`codesFor`). */
function secretFor({ caller, idempotencyKey, question }: AdminRequest): Buffer {
  if (idempotencyKey === undefined) return randomBytes(SECRET_BYTES);
  return createHmac('sha256', caller.secret)
    .update(JSON.stringify(['securechat webhook', idempotencyKey, question]))
    .digest();
}

/** In the format of Standard Webhooks. */
const shown = (secret: Buffer): string => `whsec_${secret.toString('base64')}`;
