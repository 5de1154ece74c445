import type { RevocationChange } from '@securechat/directory';
import type { ClientBase } from 'pg';

/** Arbitrary, but used by nothing else on the server: "scrv" in ASCII. */
const PUBLICATION_LOCK = 0x73637276;
const ROWS_AT_ONCE = 5_000;

/** Until the end of the transaction nobody else writes to Redis: what was read last is also written last. */
export async function lockPublication(client: ClientBase): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [PUBLICATION_LOCK]);
}

/**
 * Devices that were revoked, or whose account was disabled or enabled, in these last seconds before the transaction
 * began, with their current state. Uses now(), because a time that changes within the statement would rule out the
 * index.
 */
export async function findChanges(client: ClientBase, withinSeconds: number): Promise<RevocationChange[]> {
  const changes: RevocationChange[] = [];
  for (;;) {
    const part = await client.query<RevocationChange>({
      name: 'auth_find_changes',
      text: `WITH changed AS (
               SELECT id FROM auth.devices WHERE revoked_at > now() - make_interval(secs => $1)
               UNION
               SELECT d.id FROM auth.users u JOIN auth.devices d ON d.user_id = u.id
                WHERE u.state_changed_at > now() - make_interval(secs => $1))
             SELECT d.id AS device, d.revoked_at IS NULL AND u.state = 'active' AS "isServed"
               FROM changed JOIN auth.devices d USING (id) JOIN auth.users u ON u.id = d.user_id
              WHERE d.id > $2
             UNION ALL
             SELECT device_id, false FROM auth.erased_devices
              WHERE erased_at > now() - make_interval(secs => $1) AND device_id > $2
              ORDER BY 1 LIMIT ${ROWS_AT_ONCE}`,
      values: [withinSeconds, changes.at(-1)?.device ?? 0],
    });
    changes.push(...part.rows);
    if (part.rows.length < ROWS_AT_ONCE) return changes;
  }
}

/** Revokes a device of the account. False when there is none of this name; revoking again changes nothing. */
export async function revokeDevice(client: ClientBase, account: number, deviceId: string): Promise<boolean> {
  const result = await client.query(
    `UPDATE auth.devices SET revoked_at = coalesce(revoked_at, clock_timestamp())
      WHERE user_id = $1 AND ext_id = $2`,
    [account, deviceId],
  );
  return result.rowCount === 1;
}

export async function revokeAllDevices(client: ClientBase, account: number): Promise<void> {
  await client.query(
    'UPDATE auth.devices SET revoked_at = clock_timestamp() WHERE user_id = $1 AND revoked_at IS NULL',
    [account],
  );
}

/** How many devices of these names are not revoked. */
export async function countActive(
  client: ClientBase,
  account: number,
  deviceIds: readonly string[],
): Promise<number> {
  const result = await client.query<{ count: number }>(
    `SELECT count(*) FROM auth.devices WHERE user_id = $1 AND ext_id = ANY ($2) AND revoked_at IS NULL`,
    [account, deviceIds],
  );
  return result.rows[0]?.count ?? 0;
}
