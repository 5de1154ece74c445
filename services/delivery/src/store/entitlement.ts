import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Taken at once; the rest is found by the next look. */
const CONVERSATIONS_AT_ONCE = 100;
const POINTERS_AT_ONCE = 5_000;

/** A revoked device; `isOpen` while it still takes part somewhere or has something waiting. */
export type RevokedDevice = { id: number; isOpen: boolean };

/**
 * Devices that were revoked in these last seconds, or ever: one part of them, in the order of their numbers. By now(),
 * since no index is used for a time that changes within the statement.
 */
export async function findRevokedDevices(
  client: Queryable,
  wanted: { withinSeconds: number | undefined; after: number; limit: number },
): Promise<RevokedDevice[]> {
  const found = await client.query<RevokedDevice>({
    name: 'find-revoked',
    text: `SELECT d.id,
                  EXISTS (SELECT FROM delivery.conv_devices c WHERE c.device_id = d.id AND c.left_seq IS NULL)
                  OR EXISTS (SELECT FROM delivery.mailbox b WHERE b.device_id = d.id) AS "isOpen"
             FROM auth.devices d
            WHERE d.revoked_at > coalesce(now() - make_interval(secs => $1), '-infinity') AND d.id > $2
            ORDER BY d.id LIMIT $3`,
    values: [wanted.withinSeconds ?? null, wanted.after, wanted.limit],
  });
  return found.rows;
}

/**
 * Ends what a device is entitled to: of each conversation it has what stands before the conversation's next place.
 * Within a transaction; conversations are locked in the order of their ids, as batches do, so a message is stored
 * either before and for it, or after and without it. Resolves with the conversations left, at most as many as are
 * taken at once: whoever has to tell a conversation that a device is gone does so here, under its lock.
 */
export async function leaveConversations(client: Queryable, device: number): Promise<number[]> {
  const locked = await client.query<{ id: number }>({
    name: 'lock-conversations-of',
    text: `SELECT id FROM delivery.conversations
            WHERE id = ANY(ARRAY(SELECT conv_id FROM delivery.conv_devices
                                  WHERE device_id = $1 AND left_seq IS NULL ORDER BY conv_id LIMIT $2))
            ORDER BY id FOR NO KEY UPDATE`,
    values: [device, CONVERSATIONS_AT_ONCE],
  });
  const conversations = locked.rows.map(({ id }) => id);
  await client.query({
    name: 'leave-conversations',
    text: `UPDATE delivery.conv_devices d SET left_seq = c.next_seq, removal_due = true FROM delivery.conversations c
            WHERE c.id = ANY($2) AND d.conv_id = c.id AND d.device_id = $1 AND d.left_seq IS NULL`,
    values: [device, conversations],
  });
  // Its leaf is still in the keys: before anybody says more, a commit has to take it out.
  await client.query({
    name: 'require-commits',
    text: 'UPDATE delivery.conversations SET commit_required = true WHERE id = ANY($1)',
    values: [conversations],
  });
  return conversations;
}

/**
 * Forgets what waits for a device that takes part nowhere any more, but for what somebody is at, which the next look finds.
 * Resolves with how many pointers that were.
 */
export async function dropPointers(client: Queryable, device: number): Promise<number> {
  const dropped = await client.query({
    name: 'drop-pointers',
    text: `WITH gone AS (
             SELECT seq FROM delivery.mailbox WHERE device_id = $1 ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)
           DELETE FROM delivery.mailbox b USING gone
            WHERE b.device_id = $1 AND b.seq = gone.seq
              AND NOT EXISTS (SELECT FROM delivery.conv_devices WHERE device_id = $1 AND left_seq IS NULL)`,
    values: [device, POINTERS_AT_ONCE],
  });
  return dropped.rowCount ?? 0;
}
