import type { GroupCreateRecord } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import type { Participants } from '../rules/direct-create.ts';

/**
 * Makes a direct conversation with its members, entitled devices and their mailboxes. Resolves with false, and
 * makes nothing, when the pair has one already or the id is taken.
 */
export async function createDirectConversation(
  client: Client,
  record: GroupCreateRecord,
  participants: Participants,
): Promise<boolean> {
  const [low, high] = [...participants.users].toSorted(([, a], [, b]) => a - b);
  if (!low || !high) return false;
  const made = await client.query<{ id: number }>({
    name: 'create-direct',
    text: `INSERT INTO delivery.conversations (ext_id, kind, low_user, high_user, low_name, high_name)
           VALUES ($1, 'direct', $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id`,
    values: [record.conversation, low[1], high[1], low[0], high[0]],
  });
  const id = made.rows[0]?.id;
  if (id === undefined) return false;
  const devices = [...participants.devices.values()].toSorted((a, b) => a.device - b.device);
  const deviceIds = devices.map((entry) => entry.device);
  const userIds = devices.map((entry) => entry.user);
  await Promise.all([
    client.query({
      name: 'add-members',
      text: `INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
             VALUES ($1, $2, $3, 1), ($1, $4, $5, 1)`,
      values: [id, low[1], low[0], high[1], high[0]],
    }),
    client.query({
      name: 'add-devices',
      text: `INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq)
             SELECT $1, d.device, d.user_id, 1 FROM unnest($2::bigint[], $3::bigint[]) AS d(device, user_id)`,
      values: [id, deviceIds, userIds],
    }),
    client.query({
      name: 'add-mailboxes',
      text: `INSERT INTO delivery.device_queue (device_id, user_id)
             SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING`,
      values: [deviceIds, userIds],
    }),
    client.query({
      name: 'add-acks',
      text: `INSERT INTO delivery.device_acks (device_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING`,
      values: [deviceIds],
    }),
  ]);
  return true;
}
