import { upstream } from '@securechat/protocol';
import type { ClientBase } from 'pg';
import { type Share, worstOf } from '../rules/backlog.ts';
import { dayOf } from '../rules/days.ts';
import type { Policy } from '../rules/policy.ts';

/**
 * Makes room in overfull mailboxes, in the transaction of the batch that filled them: the waiting messages of the
 * worst conversation (rules/backlog.ts) are replaced by one entry that says how many were dropped, then those of the
 * next, until the rest fits. Each step depends on the result of the one before, so the batch must not commit before this
 * has resolved. Resolves with the devices that lost something, one element per truncation entry.
 */
export async function cutBacklogs(
  client: ClientBase,
  devices: readonly number[],
  policy: Policy,
  nowMs: number,
): Promise<number[]> {
  const cut: number[] = [];
  const worstFor = async (device: number) => worstOf(await readShares(client, device), policy);
  for (const device of devices) {
    for (let worst = await worstFor(device); worst; worst = await worstFor(device)) {
      // Operations change the conversation itself, and a device cannot continue without them: they go only when they
      // are the flood.
      const dropped = await cutConversation(client, device, worst, { operationsToo: false, nowMs });
      if (dropped === 0) await cutConversation(client, device, worst, { operationsToo: true, nowMs });
      cut.push(device);
    }
    await recount(client, device);
  }
  return cut;
}

async function readShares(client: ClientBase, device: number): Promise<Share[]> {
  const found = await client.query<Share>({
    name: 'read-shares',
    text: `SELECT w.conv_id AS conversation, w.messages, w.bytes,
                  EXISTS (SELECT FROM delivery.conv_members m
                           WHERE m.conv_id = w.conv_id AND m.user_id = q.user_id AND m.read_seq > 0)
                  OR EXISTS (SELECT FROM delivery.conv_devices d
                              WHERE d.conv_id = w.conv_id AND d.last_sent_seq > 0 AND d.device_id = ANY(ARRAY(
                                    SELECT id FROM auth.devices WHERE user_id = q.user_id))) AS "isAnswered"
             FROM (SELECT conv_id, count(*) AS messages, coalesce(sum(bytes), 0)::bigint AS bytes
                     FROM delivery.mailbox WHERE device_id = $1 AND conv_seq > 0 GROUP BY conv_id) w
             JOIN delivery.device_queue q ON q.device_id = $1`,
    values: [device],
  });
  return found.rows;
}

/** An earlier truncation entry is merged into the new one. Resolves with the number of messages dropped now. */
async function cutConversation(
  client: ClientBase,
  device: number,
  { conversation }: Share,
  { operationsToo, nowMs }: { operationsToo: boolean; nowMs: number },
): Promise<number> {
  const found = await client.query<{ messages: number }>({
    name: 'cut-conversation',
    text: `WITH gone AS (
             DELETE FROM delivery.mailbox b
              WHERE b.device_id = $1 AND b.conv_id = $2 AND ($3 OR b.conv_seq < 0 OR NOT EXISTS (
                    SELECT 1 FROM delivery.messages m
                     WHERE m.day = b.day AND m.conv_id = b.conv_id AND m.conv_seq = b.conv_seq AND m.type <> $4))
             RETURNING b.conv_seq, b.dropped),
           sums AS (
             SELECT max(abs(conv_seq)) AS through, count(*) FILTER (WHERE conv_seq > 0) AS messages,
                    coalesce(sum(dropped), 0) AS earlier
               FROM gone),
           placed AS (
             UPDATE delivery.device_queue q SET head_seq = q.head_seq + 1 FROM sums
              WHERE q.device_id = $1 AND sums.through IS NOT NULL RETURNING q.head_seq)
           INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day, dropped, dropped_at_ms)
           SELECT $1, placed.head_seq, $2, -sums.through, $5::date, (sums.messages + sums.earlier)::int, $6
             FROM sums, placed
           RETURNING (SELECT messages FROM sums) AS messages`,
    values: [device, conversation, operationsToo, upstream.chat.id, dayOf(nowMs), nowMs],
  });
  return found.rows[0]?.messages ?? 0;
}

/** The counters overestimate: what expires or is dropped is not counted as it goes. */
async function recount(client: ClientBase, device: number): Promise<void> {
  await client.query({
    name: 'recount-backlog',
    text: `UPDATE delivery.device_acks a SET gone_count = q.put_count - w.messages, gone_bytes = q.put_bytes - w.bytes
             FROM delivery.device_queue q,
                  (SELECT count(bytes) AS messages, coalesce(sum(bytes), 0)::bigint AS bytes
                     FROM delivery.mailbox WHERE device_id = $1) w
            WHERE a.device_id = $1 AND q.device_id = $1`,
    values: [device],
  });
}
