import { type Kysely, sql } from 'kysely';

/** Nothing is kept for users who hide when they were last online, and for the others only the hour that is shown. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      GRANT DELETE ON presence.last_seen TO securechat_presence;
      DELETE FROM presence.last_seen l USING presence.settings s WHERE s.user_id = l.user_id AND s.last_seen = 'hidden';
      UPDATE presence.last_seen SET seen_at = to_timestamp(floor(extract(epoch FROM seen_at) / 3600) * 3600);
    `)
    .execute(db);
}
