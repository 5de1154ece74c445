import type { LastSeenPrecision, StatusAudience } from '@securechat/protocol';
import type { Pool } from 'pg';

export type Settings = { status_to: StatusAudience; last_seen: LastSeenPrecision };

export async function readSettings(pool: Pool, user: number): Promise<Settings> {
  const found = await pool.query<Settings>({
    name: 'read-settings',
    text: 'SELECT status_to, last_seen FROM presence.settings WHERE user_id = $1',
    values: [user],
  });
  return found.rows[0] ?? { status_to: 'direct', last_seen: 'hour' };
}

/** Changes what is given and leaves the rest; resolves with the settings. No time is kept for a user who hides it. */
export async function writeSettings(
  pool: Pool,
  user: number,
  { status_to, last_seen }: { [S in keyof Settings]?: Settings[S] | undefined },
): Promise<Settings | undefined> {
  const written = await pool.query<Settings>({
    name: 'write-settings',
    text: `WITH forgotten AS (DELETE FROM presence.last_seen WHERE user_id = $1 AND $3 = 'hidden')
           INSERT INTO presence.settings AS s (user_id, status_to, last_seen)
           VALUES ($1, coalesce($2, 'direct'), coalesce($3, 'hour'))
           ON CONFLICT (user_id) DO UPDATE SET status_to = coalesce($2, s.status_to), last_seen = coalesce($3, s.last_seen)
           RETURNING status_to, last_seen`,
    values: [user, status_to ?? null, last_seen ?? null],
  });
  return written.rows[0];
}
