import type { ClientBase } from 'pg';

type Queryable = Pick<ClientBase, 'query'>;

/** Records first use of the signing key. A key that returns keeps its first time. */
export async function noteServiceKey(client: Queryable, id: string): Promise<void> {
  await client.query('INSERT INTO auth.service_keys (id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
}

/** First use according to this database; undefined when it has never signed here. */
export async function serviceKeySince(client: Queryable, id: string): Promise<Date | undefined> {
  const found = await client.query<{ first_used_at: Date }>(
    'SELECT first_used_at FROM auth.service_keys WHERE id = $1',
    [id],
  );
  return found.rows[0]?.first_used_at;
}
