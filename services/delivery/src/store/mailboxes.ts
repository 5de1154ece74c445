import type { ClientBase } from 'pg';

/** A connection or a pool. */
type Queryable = Pick<ClientBase, 'query'>;

/**
 * A device that may get a message in this batch, under its lock: its newest sequence, and what was put into and
 * removed from the mailbox so far. The difference is what waits, or slightly more: only acks are counted as they
 * happen.
 */
export type Mailbox = {
  head: number;
  putCount: number;
  putBytes: number;
  readonly goneCount: number;
  readonly goneBytes: number;
};

/** A device gets a mailbox when it might first receive something. */
export async function ensureMailboxes(client: Queryable, joining: number[]): Promise<void> {
  if (joining.length === 0) return;
  await client.query({
    name: 'ensure-mailboxes',
    text: `WITH wanted AS (SELECT id, user_id FROM auth.devices WHERE id = ANY($1)),
           queues AS (
             INSERT INTO delivery.device_queue (device_id, user_id)
             SELECT id, user_id FROM wanted ORDER BY id ON CONFLICT DO NOTHING)
           INSERT INTO delivery.device_acks (device_id) SELECT id FROM wanted ORDER BY id ON CONFLICT DO NOTHING`,
    values: [joining],
  });
}

/**
 * Mailboxes of these devices, and of all devices of these conversations, except large groups, whose mailboxes the
 * fan-out fills.
 */
export async function lockMailboxes(
  client: Queryable,
  wanted: { conversations: string[]; devices: number[] },
): Promise<Map<number, Mailbox>> {
  if (wanted.conversations.length + wanted.devices.length === 0) return new Map();
  const found = await client.query<{
    device_id: number;
    head_seq: number;
    put_count: number;
    put_bytes: number;
    gone_count: number | null;
    gone_bytes: number | null;
  }>({
    name: 'lock-mailboxes',
    text: `SELECT q.device_id, q.head_seq, q.put_count, q.put_bytes, a.gone_count, a.gone_bytes
             FROM delivery.device_queue q LEFT JOIN delivery.device_acks a USING (device_id)
            WHERE q.device_id = ANY(ARRAY(
                    SELECT DISTINCT d.device_id FROM delivery.conversations c
                      JOIN delivery.conv_devices d ON d.conv_id = c.id
                     WHERE c.ext_id = ANY($1) AND c.fanout = 'inline' AND d.left_seq IS NULL) || $2::bigint[])
            ORDER BY q.device_id FOR NO KEY UPDATE OF q`,
    values: [wanted.conversations, wanted.devices],
  });
  return new Map(
    found.rows.map((row) => [
      row.device_id,
      {
        head: row.head_seq,
        putCount: row.put_count,
        putBytes: row.put_bytes,
        goneCount: row.gone_count ?? 0,
        goneBytes: row.gone_bytes ?? 0,
      },
    ]),
  );
}
