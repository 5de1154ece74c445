import type { GroupCreateRecord } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import type { Participants } from '../rules/direct-create.ts';
import { findDevices } from './devices.ts';

/**
 * Looks up the users and devices named in a creation. A user who has blocked another of them, or has no active
 * device, is not found, like one who does not exist. Reads auth's tables, which this service may not write.
 */
export async function findParticipants(client: Client, record: GroupCreateRecord): Promise<Participants> {
  const [users, devices] = await Promise.all([
    client.query<{ id: number; ext_id: string }>({
      name: 'find-users',
      text: `SELECT u.id, u.ext_id FROM auth.users u
              WHERE u.ext_id = ANY($1) AND u.state = 'active'
                AND EXISTS (SELECT FROM auth.devices d WHERE d.user_id = u.id AND d.revoked_at IS NULL)
                AND NOT EXISTS (SELECT FROM delivery.blocks b
                                 WHERE b.user_id = u.id AND b.blocked_name = ANY($1) AND b.blocked_name <> u.ext_id)`,
      values: [record.members],
    }),
    findDevices(client, record.added_devices),
  ]);
  const byName = new Map(users.rows.map((row) => [row.ext_id, row.id]));
  return {
    users: byName,
    devices,
    existing: await findDirect(client, [...byName.values()]),
  };
}

async function findDirect(client: Client, users: number[]): Promise<Participants['existing']> {
  if (users.length !== 2) return undefined;
  const found = await client.query<{ ext_id: string; epoch: number }>({
    name: 'find-direct',
    text: `SELECT ext_id, epoch FROM delivery.conversations
            WHERE kind = 'direct' AND low_user = $1 AND high_user = $2`,
    values: users.toSorted((a, b) => a - b),
  });
  const row = found.rows[0];
  return row && { extId: row.ext_id, epoch: row.epoch };
}
