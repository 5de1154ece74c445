import { type Kysely, sql } from 'kysely';

/** Of who hides when they were last online nothing is kept any more, and of the others the hour that is told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      GRANT DELETE ON presence.last_seen TO securechat_presence;
      DELETE FROM presence.last_seen l USING presence.settings s WHERE s.user_id = l.user_id AND s.last_seen = 'hidden';
      UPDATE presence.last_seen SET seen_at = to_timestamp(floor(extract(epoch FROM seen_at) / 3600) * 3600);
    `)
    .execute(db);
}
