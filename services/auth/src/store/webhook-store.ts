import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** How long the previous secret stays valid, so that a backend can switch to the new one. */
const OVERLAP = `interval '24 hours'`;

export type WebhookRow = {
  id: string;
  url: string;
  events: string[];
  created_at: Date;
  /** Until when the previous secret is also used. */
  previous_until: Date | null;
  waiting: number;
  dead: number;
};
export type DeadEventRow = {
  id: string;
  type: string;
  at: Date;
  data: object;
  attempts: number;
  failure: string;
};

export async function insertWebhook(
  client: Queryable,
  { id, url, events, secret }: { id: string; url: string; events: readonly string[]; secret: Buffer },
): Promise<void> {
  await client.query('INSERT INTO auth.webhooks (id, url, events, secret) VALUES ($1, $2, $3, $4)', [
    id,
    url,
    events,
    secret,
  ]);
}

/** Nobody else adds or removes one until the end of the transaction. */
export async function countWebhooks(client: Queryable): Promise<number> {
  await client.query('LOCK TABLE auth.webhooks IN SHARE ROW EXCLUSIVE MODE');
  const found = await client.query<{ count: number }>('SELECT count(*) FROM auth.webhooks');
  return found.rows[0]?.count ?? 0;
}

export async function listWebhooks(client: Queryable): Promise<WebhookRow[]> {
  const found = await client.query<WebhookRow>(
    `SELECT w.id, w.url, w.events, w.created_at,
            CASE WHEN w.previous_until > now() THEN w.previous_until END AS previous_until,
            count(e.id) FILTER (WHERE e.dead_at IS NULL) AS waiting, count(e.dead_at) AS dead
       FROM auth.webhooks w LEFT JOIN auth.webhook_events e ON e.webhook_id = w.id
      GROUP BY w.id ORDER BY w.created_at, w.id`,
  );
  return found.rows;
}

/** Including its undelivered events. */
export async function deleteWebhook(client: Queryable, id: string): Promise<boolean> {
  const gone = await client.query('DELETE FROM auth.webhooks WHERE id = $1', [id]);
  return gone.rowCount === 1;
}

/** The current secret stays valid for the overlap; the one before it ends now. */
export async function replaceSecret(client: Queryable, id: string, secret: Buffer): Promise<boolean> {
  const changed = await client.query(
    `UPDATE auth.webhooks SET secret = $2, previous_secret = secret, previous_until = now() + ${OVERLAP}
      WHERE id = $1`,
    [id, secret],
  );
  return changed.rowCount === 1;
}

/** Oldest first; undefined when there is no such webhook. */
export async function listDeadEvents(
  client: Queryable,
  id: string,
  limit: number,
): Promise<DeadEventRow[] | undefined> {
  const webhook = await client.query('SELECT FROM auth.webhooks WHERE id = $1', [id]);
  if (webhook.rowCount === 0) return undefined;
  const found = await client.query<DeadEventRow>(
    `SELECT id, type, at, data, attempts, failure FROM auth.webhook_events
      WHERE webhook_id = $1 AND dead_at IS NOT NULL ORDER BY at LIMIT $2`,
    [id, limit],
  );
  return found.rows;
}

/** All given-up events become due again, as if new; undefined when there is no such webhook. */
export async function reviveDeadEvents(client: Queryable, id: string): Promise<number | undefined> {
  const webhook = await client.query('SELECT FROM auth.webhooks WHERE id = $1', [id]);
  if (webhook.rowCount === 0) return undefined;
  const revived = await client.query(
    `UPDATE auth.webhook_events SET dead_at = NULL, due_at = now(), attempts = 0
      WHERE webhook_id = $1 AND dead_at IS NOT NULL`,
    [id],
  );
  return revived.rowCount ?? 0;
}
