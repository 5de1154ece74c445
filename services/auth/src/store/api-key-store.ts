import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

export type StoredApiKey = {
  id: string;
  name: string;
  scopes: string[];
  key_sha256: Buffer;
  is_good: boolean;
};
export type ListedApiKey = Omit<StoredApiKey, 'key_sha256'> & { created_at: Date; expires_at: Date | null };

export async function insertApiKey(
  client: Queryable,
  key: { id: string; name: string; scopes: readonly string[]; sha256: Buffer; validDays: number | undefined },
): Promise<void> {
  await client.query(
    `INSERT INTO auth.api_keys (id, name, key_sha256, scopes, expires_at)
     VALUES ($1, $2, $3, $4, now() + make_interval(days => $5))`,
    [key.id, key.name, key.sha256, key.scopes, key.validDays ?? null],
  );
}

/** `is_good`: neither revoked nor expired. The caller compares the secret, not an index. */
export async function findApiKey(client: Queryable, id: string): Promise<StoredApiKey | undefined> {
  const result = await client.query<StoredApiKey>(
    `SELECT id, name, scopes, key_sha256,
            revoked_at IS NULL AND coalesce(expires_at > now(), true) AS is_good
       FROM auth.api_keys WHERE id = $1`,
    [id],
  );
  return result.rows[0];
}

export async function listApiKeys(client: Queryable): Promise<ListedApiKey[]> {
  const result = await client.query<ListedApiKey>(
    `SELECT id, name, scopes, created_at, expires_at,
            revoked_at IS NULL AND coalesce(expires_at > now(), true) AS is_good
       FROM auth.api_keys ORDER BY created_at`,
  );
  return result.rows;
}

/** False when there is no such id; revoking again changes nothing. */
export async function revokeApiKey(client: Queryable, id: string): Promise<boolean> {
  const result = await client.query(
    'UPDATE auth.api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1',
    [id],
  );
  return result.rowCount === 1;
}
