import type { GroupCreateRecord, GroupOperationRecord } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { type Named, NOBODY } from '../rules/roster.ts';
import { holdOffBlocks } from './blocks.ts';
import { findDevices } from './devices.ts';

/** An operation that names users and devices which may not take part yet. */
export type Naming = GroupCreateRecord | GroupOperationRecord;

/**
 * Looks up whom operations name, in one round trip. Users who have blocked the acting user are not found, and new
 * blocks wait for the end of the transaction. A restart, however, names existing members, whom no block hides. Reads
 * auth's tables, which this service may not write.
 */
export async function findNamed(client: Client, records: readonly Naming[]): Promise<Map<Naming, Named>> {
  const [, ...found] = await Promise.all([
    holdOffBlocks(
      client,
      records.map(({ user }) => user),
    ),
    ...records.map((record) => findNamedIn(client, record)),
  ]);
  return new Map(records.map((record, index) => [record, found[index] ?? NOBODY]));
}

async function findNamedIn(client: Client, record: Naming): Promise<Named> {
  const names = record.type === 'group_create' ? record.members : record.targets;
  const isRestart = record.type === 'group_create' && record.replaces !== undefined;
  const [users, devices, own] = await Promise.all([
    client.query<{ id: number; ext_id: string }>({
      name: 'find-named-users',
      text: `SELECT u.id, u.ext_id FROM auth.users u
              WHERE u.ext_id = ANY($1) AND u.state = 'active'
                AND ($3 OR NOT EXISTS (SELECT FROM auth.users own JOIN delivery.blocks b ON b.blocked_name = own.ext_id
                                        WHERE own.id = $2 AND b.user_id = u.id))`,
      values: [names, record.user, isRestart],
    }),
    findDevices(client, record.added_devices),
    client.query<{ id: number }>({
      name: 'find-own-devices',
      text: 'SELECT id FROM auth.devices WHERE user_id = $1 AND revoked_at IS NULL',
      values: [record.user],
    }),
  ]);
  return {
    users: new Map(users.rows.map((row) => [row.ext_id, row.id])),
    devices,
    own: new Set(own.rows.map(({ id }) => id)),
  };
}
