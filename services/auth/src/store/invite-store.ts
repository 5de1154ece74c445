import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Codes are stored only as SHA-256; `forUser` is the one user they admit, otherwise anyone. Resolves with their expiry. */
export async function insertInvites(
  client: Queryable,
  hashes: readonly Buffer[],
  validSeconds: number,
  forUser?: string,
): Promise<Date> {
  const result = await client.query<{ expires_at: Date }>(
    `INSERT INTO auth.invites (code_sha256, expires_at, for_user)
     SELECT unnest($1::bytea[]), now() + make_interval(secs => $2), $3 RETURNING expires_at`,
    [hashes, validSeconds, forUser ?? null],
  );
  const [first] = result.rows;
  if (!first) throw new RangeError('no invite was made');
  return first.expires_at;
}

export type OpenInviteRow = {
  code_sha256: Buffer;
  created_at: Date;
  expires_at: Date;
  for_user: string | null;
};

/** Invites that can still be used, soonest expiry first; after the one with this hash, if given. */
export async function listOpenInvites(
  client: Queryable,
  after: Buffer | undefined,
  limit: number,
): Promise<OpenInviteRow[]> {
  const result = await client.query<OpenInviteRow>(
    `SELECT code_sha256, created_at, expires_at, for_user FROM auth.invites
      WHERE used_at IS NULL AND expires_at > now()
        AND ($1::bytea IS NULL OR (expires_at, code_sha256) >
            (SELECT expires_at, code_sha256 FROM auth.invites WHERE code_sha256 = $1))
      ORDER BY expires_at, code_sha256 LIMIT $2`,
    [after ?? null, limit],
  );
  return result.rows;
}

export async function findOpenInvite(client: Queryable, hash: Buffer, userId: string): Promise<boolean> {
  const result = await client.query(
    `SELECT FROM auth.invites WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > now()
        AND coalesce(for_user = $2, true)`,
    [hash, userId],
  );
  return result.rowCount === 1;
}

/** False when it is no longer open. Waits for a transaction that is about to use it. */
export async function useInvite(client: Queryable, hash: Buffer, account: number): Promise<boolean> {
  const result = await client.query(
    `UPDATE auth.invites SET used_at = now(), used_by = $2
      WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > now()`,
    [hash, account],
  );
  return result.rowCount === 1;
}
