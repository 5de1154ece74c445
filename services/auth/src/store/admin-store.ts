import type { ClientBase } from 'pg';

export type AuditEntry = {
  /** The key that did it; undefined: the admin token. */
  keyId: string | undefined;
  action:
    | 'create_invites'
    | 'revoke_device'
    | 'disable_account'
    | 'enable_account'
    | 'admit_user'
    | 'export_account'
    | 'erase_account'
    | 'create_webhook'
    | 'remove_webhook'
    | 'rotate_webhook'
    | 'replay_webhook'
    | 'set_quota';
  account?: number | undefined;
  device?: number | undefined;
  count?: number;
  webhook?: string;
  bytes?: number | undefined;
};

export async function insertAudit(client: ClientBase, entry: AuditEntry): Promise<void> {
  await client.query(
    `INSERT INTO auth.audit_log (action, user_id, device_id, count, api_key, webhook, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      entry.action,
      entry.account ?? null,
      entry.device ?? null,
      entry.count ?? null,
      entry.keyId ?? null,
      entry.webhook ?? null,
      entry.bytes ?? null,
    ],
  );
}

/** Locked until the end of the transaction, as for a change of its devices; includes disabled accounts. */
export async function findAccount(client: ClientBase, userId: string): Promise<number | undefined> {
  const result = await client.query<{ id: number }>(
    'SELECT id FROM auth.users WHERE ext_id = $1 FOR NO KEY UPDATE',
    [userId],
  );
  return result.rows[0]?.id;
}

export async function findDeviceNumber(
  client: ClientBase,
  account: number,
  deviceId: string,
): Promise<number | undefined> {
  const result = await client.query<{ id: number }>(
    'SELECT id FROM auth.devices WHERE user_id = $1 AND ext_id = $2',
    [account, deviceId],
  );
  return result.rows[0]?.id;
}

/** Leaves an account already in this state untouched. */
export async function changeState(client: ClientBase, account: number, state: string): Promise<void> {
  await client.query('UPDATE auth.users SET state = $2 WHERE id = $1 AND state <> $2', [account, state]);
}

export type AccountRow = { user_id: string; state: string; created_at: Date; active_devices: number };

const ACCOUNT = `u.ext_id AS user_id, u.state, u.created_at,
  (SELECT count(*) FROM auth.devices d WHERE d.user_id = u.id AND d.revoked_at IS NULL) AS active_devices`;

/** In name order, after `after`. */
export async function listAccounts(
  client: Pick<ClientBase, 'query'>,
  after: string,
  limit: number,
): Promise<AccountRow[]> {
  const result = await client.query<AccountRow>(
    `SELECT ${ACCOUNT} FROM auth.users u WHERE u.ext_id > $1 ORDER BY u.ext_id LIMIT $2`,
    [after, limit],
  );
  return result.rows;
}

export type DeviceRow = { device_id: string; created_at: Date; revoked_at: Date | null };

/** Undefined when there is no such account. */
export async function describeAccount(
  client: Pick<ClientBase, 'query'>,
  userId: string,
): Promise<(AccountRow & { devices: DeviceRow[] }) | undefined> {
  const accounts = await client.query<AccountRow>(`SELECT ${ACCOUNT} FROM auth.users u WHERE u.ext_id = $1`, [
    userId,
  ]);
  const [account] = accounts.rows;
  if (!account) return undefined;
  const devices = await client.query<DeviceRow>(
    `SELECT d.ext_id AS device_id, d.created_at, d.revoked_at FROM auth.devices d
       JOIN auth.users u ON u.id = d.user_id WHERE u.ext_id = $1 ORDER BY d.id`,
    [userId],
  );
  return { ...account, devices: devices.rows };
}
