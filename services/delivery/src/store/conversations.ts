import type { GroupCreateRecord } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { hashOf } from '../rules/check-record.ts';

/** Who takes part in a new conversation from its first message on. */
export type Founders = {
  users: ReadonlyMap<string, number>;
  devices: ReadonlyMap<string, { device: number; user: number }>;
};

/**
 * Inserts a conversation with its members, entitled devices and their mailboxes. Resolves with false, inserting
 * nothing, when the id is taken or the two users already have a direct conversation.
 */
export async function createConversation(
  client: Client,
  record: GroupCreateRecord,
  founders: Founders,
  fanout: 'inline' | 'outbox',
): Promise<boolean> {
  const isGroup = record.kind === 'group';
  const [low, high] = isGroup ? [] : [...founders.users].toSorted(([, a], [, b]) => a - b);
  const made = await client.query<{ id: number }>({
    name: 'create-conversation',
    text: `INSERT INTO delivery.conversations
             (ext_id, kind, low_user, high_user, low_name, high_name, log_head, fanout)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
    values: [
      record.conversation,
      isGroup ? 'group' : 'direct',
      low?.[1],
      high?.[1],
      low?.[0],
      high?.[0],
      hashOf(record),
      fanout,
    ],
  });
  const id = made.rows[0]?.id;
  if (id === undefined) return false;
  const devices = [...founders.devices.values()].toSorted((a, b) => a.device - b.device);
  const deviceIds = devices.map((entry) => entry.device);
  const userIds = devices.map((entry) => entry.user);
  const members = [...founders.users];
  await Promise.all([
    client.query({
      name: 'add-members',
      text: `INSERT INTO delivery.conv_members (conv_id, user_id, user_name, role, joined_seq)
             SELECT $1, m.*, 1 FROM unnest($2::bigint[], $3::text[], $4::text[]) AS m`,
      values: [
        id,
        members.map(([, user]) => user),
        members.map(([name]) => name),
        members.map(([, user]) => (isGroup && user === record.user ? 'owner' : 'member')),
      ],
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
