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
