import { type Downstream, MAX_COMMIT_REMOVALS } from '@securechat/protocol';
import type { Ask } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { toldMarks } from './watermarks.ts';

export type GroupInfo = Omit<Downstream<'group_info'>, 'type' | 'ref'>;

type Row = Omit<GroupInfo, 'log_head' | 'banned' | 'more'> & {
  log_head: string | null;
  banned: string[] | null;
};

/**
 * What is known about a conversation in which the device takes part, in one statement, so that members, log and keys
 * are consistent. Marks of a member who has blocked the asking user are shown as they stood at the block.
 */
export async function readGroupInfo(
  pool: Pool,
  ask: Extract<Ask<'delivery'>, { kind: 'group_info' }>,
): Promise<GroupInfo | null> {
  const found = await pool.query<Row>({
    name: 'group-info',
    text: `WITH conversation AS (
             SELECT c.*, d.user_id AS own_user FROM delivery.conversations c
               JOIN delivery.conv_devices d ON d.conv_id = c.id AND d.device_id = $2 AND d.left_seq IS NULL
              WHERE c.ext_id = $1),
           listed AS (
             SELECT m.* FROM conversation c JOIN delivery.conv_members m ON m.conv_id = c.id AND m.left_seq IS NULL
              WHERE m.user_name COLLATE "C" > $3 ORDER BY m.user_name COLLATE "C" LIMIT $4 + 1)
           SELECT c.ext_id AS conversation_id, c.kind, c.generation, c.epoch, c.epoch_seq, c.next_seq - 1 AS conv_seq,
                  encode(c.log_head, 'base64') AS log_head,
                  ARRAY(SELECT u.ext_id || ':' || a.ext_id
                          FROM (SELECT DISTINCT device_id, user_id FROM delivery.conv_devices
                                 WHERE conv_id = c.id AND removal_due ORDER BY device_id LIMIT $5) d
                          JOIN auth.devices a ON a.id = d.device_id JOIN auth.users u ON u.id = d.user_id
                         ORDER BY d.device_id) AS commit_required,
                  CASE WHEN $3 = '' AND c.kind = 'group' THEN ARRAY(
                    SELECT user_name FROM delivery.conv_bans WHERE conv_id = c.id ORDER BY user_name) END AS banned,
                  (SELECT count(*) FROM delivery.conv_members m WHERE m.conv_id = c.id AND m.left_seq IS NULL) AS member_count,
                  coalesce((SELECT jsonb_agg(jsonb_build_object(
                      'user_id', m.user_name, 'role', m.role, 'joined_seq', m.joined_seq,
                      'delivered_through', t.delivered_seq, 'read_through', t.read_seq,
                      'devices', ARRAY(SELECT a.ext_id FROM delivery.conv_devices d JOIN auth.devices a ON a.id = d.device_id
                                        WHERE d.conv_id = c.id AND d.user_id = m.user_id AND d.left_seq IS NULL
                                        ORDER BY a.ext_id)) ORDER BY m.user_name COLLATE "C")
                    FROM listed m CROSS JOIN LATERAL (${toldMarks('(SELECT ext_id FROM auth.users WHERE id = c.own_user)')}) t), '[]') AS members
             FROM conversation c`,
    values: [ask.conversation, ask.device, ask.after, ask.limit, MAX_COMMIT_REMOVALS],
  });
  const row = found.rows[0];
  if (!row) return null;
  const { log_head, banned, members, ...info } = row;
  return {
    ...info,
    ...(log_head === null ? {} : { log_head }),
    ...(banned === null ? {} : { banned }),
    members: members.slice(0, ask.limit),
    more: members.length > ask.limit,
  };
}
