import type { LastSeenPrecision } from '@securechat/protocol';
import type { Pool } from 'pg';

/** A user whom the asker may see. */
export type Visible = { user: number; user_id: string; last_seen: LastSeenPrecision };

/**
 * Which of `names` the `viewer` may see: users who have written in a direct conversation with the viewer (having been
 * written to is not enough), or who allow members of common groups; provided that neither has blocked the other.
 */
export async function findVisible(
  pool: Pool,
  viewer: { user: number; user_id: string },
  names: readonly string[],
): Promise<Visible[]> {
  const found = await pool.query<Visible>({
    name: 'find-visible',
    text: `SELECT u.id AS user, u.ext_id AS user_id, coalesce(s.last_seen, 'hour') AS last_seen
             FROM auth.users u LEFT JOIN presence.settings s ON s.user_id = u.id
            WHERE u.ext_id = ANY($3) AND u.id <> $1 AND u.state = 'active'
              AND coalesce(s.status_to, 'direct') <> 'nobody'
              AND EXISTS (
                SELECT FROM delivery.conv_members mine
                  JOIN delivery.conv_members theirs
                    ON theirs.conv_id = mine.conv_id AND theirs.user_id = u.id AND theirs.left_seq IS NULL
                  JOIN delivery.conversations c ON c.id = mine.conv_id
                 WHERE mine.user_id = $1 AND mine.left_seq IS NULL
                   AND CASE WHEN c.kind = 'direct' THEN EXISTS (
                         SELECT FROM delivery.conv_devices d
                          WHERE d.conv_id = c.id AND d.user_id = u.id AND d.last_sent_seq > 0)
                       ELSE s.status_to = 'conversations' END)
              AND NOT EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = u.id AND b.blocked_name = $2)
              AND NOT EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = $1 AND b.blocked_name = u.ext_id)`,
    values: [viewer.user, viewer.user_id, names],
  });
  return found.rows;
}

/** The number of the user with this name. */
export async function findUser(pool: Pool, name: string): Promise<number | undefined> {
  const found = await pool.query<{ id: number }>({
    name: 'find-user',
    text: 'SELECT id FROM auth.users WHERE ext_id = $1',
    values: [name],
  });
  return found.rows[0]?.id;
}

/**
 * The number of the user called `name`, if the device of `from` is in this direct conversation with them, neither has
 * blocked the other and, where required, they have written there.
 */
export async function findPeer(
  pool: Pool,
  from: { user: number; user_id: string; device: number },
  name: string,
  conversation: string,
  mustHaveSpoken: boolean,
): Promise<number | undefined> {
  const found = await pool.query<{ user_id: number }>({
    name: 'find-peer',
    text: `SELECT m.user_id
             FROM delivery.conversations c
             JOIN delivery.conv_devices own ON own.conv_id = c.id AND own.device_id = $3 AND own.left_seq IS NULL
             JOIN delivery.conv_members m ON m.conv_id = c.id AND m.left_seq IS NULL AND m.user_name = $4
            WHERE c.ext_id = $5 AND c.kind = 'direct' AND m.user_id <> $1
              AND (NOT $6 OR EXISTS (SELECT FROM delivery.conv_devices d
                                      WHERE d.conv_id = c.id AND d.user_id = m.user_id AND d.last_sent_seq > 0))
              AND NOT EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = m.user_id AND b.blocked_name = $2)
              AND NOT EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = $1 AND b.blocked_name = $4)`,
    values: [from.user, from.user_id, from.device, name, conversation, mustHaveSpoken],
  });
  return found.rows[0]?.user_id;
}

/**
 * Who should hear that a device of `user` is typing: the others in the conversation, if the device takes part and
 * there are no more than `most` of them; without those who have blocked the user or are blocked by them.
 */
export async function findListeners(
  pool: Pool,
  from: { user: number; user_id: string; device: number },
  conversation: string,
  most: number,
): Promise<number[]> {
  const found = await pool.query<{ user_id: number; is_blocked: boolean }>({
    name: 'find-listeners',
    text: `SELECT DISTINCT m.user_id,
                  EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = m.user_id AND b.blocked_name = $2)
                    OR EXISTS (SELECT FROM delivery.blocks b WHERE b.user_id = $1 AND b.blocked_name = m.user_name)
                    AS is_blocked
             FROM delivery.conversations c
             JOIN delivery.conv_devices d ON d.conv_id = c.id AND d.device_id = $3 AND d.left_seq IS NULL
             JOIN delivery.conv_members m ON m.conv_id = c.id AND m.left_seq IS NULL AND m.user_id <> $1
            WHERE c.ext_id = $4 LIMIT $5 + 1`,
    values: [from.user, from.user_id, from.device, conversation, most],
  });
  if (found.rows.length > most) return [];
  return found.rows.filter((row) => !row.is_blocked).map((row) => row.user_id);
}
