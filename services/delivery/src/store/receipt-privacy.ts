import type { ClientBase } from 'pg';

/** A connection or a pool. */
type Queryable = Pick<ClientBase, 'query'>;

/** Sets whether this user's read marks are recorded, if `share` is given; resolves with the current setting. */
export async function receiptPrivacy(
  client: Queryable,
  user: number,
  share: boolean | undefined,
): Promise<boolean> {
  if (share !== undefined) {
    await client.query({
      name: 'set-receipt-privacy',
      text: `INSERT INTO delivery.user_settings (user_id, shares_reading) VALUES ($1, $2)
             ON CONFLICT (user_id) DO UPDATE SET shares_reading = excluded.shares_reading`,
      values: [user, share],
    });
    return share;
  }
  const found = await client.query<{ shares_reading: boolean }>({
    name: 'receipt-privacy',
    text: 'SELECT shares_reading FROM delivery.user_settings WHERE user_id = $1',
    values: [user],
  });
  return found.rows[0]?.shares_reading ?? true;
}
