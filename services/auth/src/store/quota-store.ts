import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** What a user stores in files; `quota` is the user's own, if an admin has set one. Bytes. */
export type StoredRow = { used: number; reserved: number; files: number; quota: number | null };
export type WaitingRow = { device_id: string; messages: number; bytes: number };

/** Each of these calls a function in the owning service's schema; callers have checked that the schema exists. */
export async function setQuota(client: Queryable, account: number, bytes: number | undefined): Promise<void> {
  await client.query('SELECT files.set_quota($1, $2)', [account, bytes ?? null]);
}

export async function storedBy(client: Queryable, account: number): Promise<StoredRow> {
  const found = await client.query<StoredRow>('SELECT * FROM files.stored_by($1)', [account]);
  return found.rows[0] ?? { used: 0, reserved: 0, files: 0, quota: null };
}

/** The users who store most, in descending order. */
export async function mostStored(
  client: Queryable,
  limit: number,
): Promise<(StoredRow & { user_id: string })[]> {
  const found = await client.query<StoredRow & { user_id: string }>(
    `SELECT u.ext_id AS user_id, s.used, s.reserved, s.files, s.quota
       FROM files.most_stored($1) s JOIN auth.users u ON u.id = s.user_id
      ORDER BY s.used + s.reserved DESC, u.id`,
    [limit],
  );
  return found.rows;
}

/** For each device in service. */
export async function waitingFor(client: Queryable, account: number): Promise<WaitingRow[]> {
  const found = await client.query<WaitingRow>('SELECT * FROM delivery.waiting_for($1)', [account]);
  return found.rows;
}

/** Undefined when there is no such account. */
export async function findAccountNumber(client: Queryable, userId: string): Promise<number | undefined> {
  const found = await client.query<{ id: number }>('SELECT id FROM auth.users WHERE ext_id = $1', [userId]);
  return found.rows[0]?.id;
}
