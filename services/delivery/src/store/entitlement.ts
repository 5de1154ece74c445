import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Per transaction; the next run finds the rest. */
const CONVERSATIONS_AT_ONCE = 100;
const POINTERS_AT_ONCE = 5_000;

/** A revoked device; `isOpen` while it still takes part somewhere or has messages waiting. */
export type RevokedDevice = { id: number; isOpen: boolean };

/**
 * Devices revoked within the given seconds, or ever: one page of them, by number. Uses now(), because a time that
 * changes within the statement (clock_timestamp()) would rule out the index.
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
 * Ends a device's entitlement: in each conversation it gets only what precedes the conversation's next place. Within
 * a transaction; conversations are locked in id order, as batches do, so a message is stored either before this and
 * for the device, or after and without it. Resolves with the conversations left, at most CONVERSATIONS_AT_ONCE:
 * anything that must tell a conversation that a device is gone does so here, under its lock.
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
  // Its leaf is still in the key tree: a commit must remove it before anyone sends more.
  await client.query({
    name: 'require-commits',
    text: 'UPDATE delivery.conversations SET commit_required = true WHERE id = ANY($1)',
    values: [conversations],
  });
  return conversations;
}

/**
 * Drops what waits for a device that no longer takes part anywhere, skipping rows that others have locked, which the
 * next run finds. Resolves with how many pointers were dropped.
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
