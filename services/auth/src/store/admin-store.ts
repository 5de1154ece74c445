import type { ClientBase } from 'pg';

export type AuditEntry = {
  action: 'create_invites' | 'revoke_device' | 'disable_account' | 'enable_account';
  account?: number | undefined;
  device?: number | undefined;
  count?: number;
};

export async function insertAudit(client: ClientBase, entry: AuditEntry): Promise<void> {
  await client.query(
    'INSERT INTO auth.audit_log (action, user_id, device_id, count) VALUES ($1, $2, $3, $4)',
    [entry.action, entry.account ?? null, entry.device ?? null, entry.count ?? null],
  );
}

/** Locked until the end of the transaction, as for a change of its devices; disabled ones too. */
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

/** Leaves an account alone that is in this state already. */
export async function changeState(client: ClientBase, account: number, state: string): Promise<void> {
  await client.query('UPDATE auth.users SET state = $2 WHERE id = $1 AND state <> $2', [account, state]);
}
