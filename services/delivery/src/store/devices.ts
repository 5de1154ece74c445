import type { Client } from 'pg';

type NamedDevices = Map<string, { device: number; user: number }>;

/**
 * The active devices of active users at these addresses (`alice:phone`). Each is looked up by itself, by indexes
 * (OFFSET 0 keeps the planner from joining otherwise): without fresh statistics, as after a restore, it compared every
 * device with every name, which for a group of a thousand took seconds.
 */
export async function findDevices(client: Client, addresses: readonly string[]): Promise<NamedDevices> {
  const parts = addresses.map((address) => address.split(':'));
  const found = await client.query<{ id: number; user_id: number; address: string }>({
    name: 'find-devices',
    text: `SELECT d.id, d.user_id, named.user_name || ':' || named.device_name AS address
             FROM unnest($1::text[], $2::text[]) AS named(user_name, device_name)
            CROSS JOIN LATERAL (
                  SELECT d.id, d.user_id FROM auth.users u
                    JOIN auth.devices d ON d.user_id = u.id AND d.ext_id = named.device_name AND d.revoked_at IS NULL
                   WHERE u.ext_id = named.user_name AND u.state = 'active' OFFSET 0) d`,
    values: [parts.map(([user]) => user), parts.map(([, device]) => device)],
  });
  return new Map(found.rows.map((row) => [row.address, { device: row.id, user: row.user_id }]));
}
