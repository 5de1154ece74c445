import type { Pool } from 'pg';

export type Kind = 'web_push' | 'bridge';
/** `target`: the endpoint, or the bridge's token. Whoever has it can wake the device, so it is never logged. */
export type Target =
  | { kind: 'web_push'; target: string; p256dh: Buffer; auth: Buffer }
  | { kind: 'bridge'; target: string };

/**
 * Replaces the device's subscription. What waits for it now, it is fetching itself; earlier wakes still count, so
 * that repeated subscribing brings no extra wakes. Only a delay requested for another target does not carry over.
 */
export async function putSubscription(pool: Pool, device: number, given: Target): Promise<void> {
  const { p256dh, auth } = given.kind === 'web_push' ? given : { p256dh: null, auth: null };
  await pool.query({
    name: 'put-subscription',
    text: `INSERT INTO push.subscriptions AS s (device_id, kind, target, p256dh, auth, settled_seq)
           VALUES ($1, $2, $3, $4, $5, coalesce((SELECT head_seq FROM push.mailboxes WHERE device_id = $1), 0))
           ON CONFLICT (device_id) DO UPDATE
             SET kind = excluded.kind, target = excluded.target, p256dh = excluded.p256dh, auth = excluded.auth,
                 failures = 0, created_at = now(),
                 not_before = CASE WHEN excluded.target = s.target THEN s.not_before ELSE '-infinity' END`,
    values: [device, given.kind, given.target, p256dh, auth],
  });
}

export async function removeSubscription(pool: Pool, device: number): Promise<void> {
  await pool.query('DELETE FROM push.subscriptions WHERE device_id = $1', [device]);
}

export async function kindOf(pool: Pool, device: number): Promise<Kind | 'nothing'> {
  const found = await pool.query<{ kind: Kind }>('SELECT kind FROM push.subscriptions WHERE device_id = $1', [
    device,
  ]);
  return found.rows[0]?.kind ?? 'nothing';
}

/** The push service no longer knows this endpoint. Keeps a different one that the device has subscribed since. */
export async function forgetTarget(pool: Pool, id: number, target: string): Promise<boolean> {
  const gone = await pool.query('DELETE FROM push.subscriptions WHERE id = $1 AND target = $2', [id, target]);
  return gone.rowCount === 1;
}

/** Resolves with how many devices were revoked since. */
export async function removeRevoked(pool: Pool): Promise<number> {
  const gone = await pool.query(
    `DELETE FROM push.subscriptions s USING push.devices d WHERE d.device_id = s.device_id AND d.is_revoked`,
  );
  return gone.rowCount ?? 0;
}

export async function countSubscriptions(pool: Pool): Promise<number> {
  const found = await pool.query<{ count: number }>('SELECT count(*) AS count FROM push.subscriptions');
  return found.rows[0]?.count ?? 0;
}
