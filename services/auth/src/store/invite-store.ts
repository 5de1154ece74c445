import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Codes are known by their SHA-256 only; `forUser` is the one whom they let in, anybody without it. Resolves with when they expire. */
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

/** Those that may still be used, the first to expire first; behind the one of this hash, where there is one. */
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

/** False when it is not open any more. Waits for a transaction that is about to use it. */
export async function useInvite(client: Queryable, hash: Buffer, account: number): Promise<boolean> {
  const result = await client.query(
    `UPDATE auth.invites SET used_at = now(), used_by = $2
      WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > now()`,
    [hash, account],
  );
  return result.rowCount === 1;
}
