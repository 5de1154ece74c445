import { type Kysely, sql } from 'kysely';

const ROLE = 'securechat_presence';

/**
 * When users were last online, and who may see their status. Common conversations and blocks are read in place: only
 * those columns, no message, no key.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createRole(db);
  await sql
    .raw(`
      CREATE SCHEMA presence;
      CREATE TABLE presence.last_seen (
        user_id bigint PRIMARY KEY,
        seen_at timestamptz NOT NULL
      ) WITH (fillfactor = 70);
      CREATE TABLE presence.settings (
        user_id bigint PRIMARY KEY,
        status_to text NOT NULL DEFAULT 'direct' CHECK (status_to IN ('nobody', 'direct', 'conversations')),
        last_seen text NOT NULL DEFAULT 'hour' CHECK (last_seen IN ('hidden', 'hour'))
      );

      GRANT USAGE ON SCHEMA presence, auth, delivery, securechat_migrations TO ${ROLE};
      GRANT SELECT ON securechat_migrations.presence TO ${ROLE};
      GRANT SELECT, INSERT, UPDATE ON presence.last_seen, presence.settings TO ${ROLE};
      GRANT SELECT (id, ext_id, state) ON auth.users TO ${ROLE};
      GRANT SELECT (id, ext_id, kind) ON delivery.conversations TO ${ROLE};
      GRANT SELECT (conv_id, user_id, user_name, left_seq) ON delivery.conv_members TO ${ROLE};
      GRANT SELECT (conv_id, device_id, user_id, left_seq, last_sent_seq) ON delivery.conv_devices TO ${ROLE};
      GRANT SELECT (user_id, blocked_name) ON delivery.blocks TO ${ROLE};
    `)
    .execute(db);
}

/** Roles are cluster-wide: another database may have created it, even concurrently. It has no password. */
async function createRole(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE}') THEN
          CREATE ROLE ${ROLE} LOGIN;
        END IF;
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
      END
      $$`)
    .execute(db);
}
