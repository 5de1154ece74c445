import { type Kysely, sql } from 'kysely';

/**
 * A user's own quota, instead of FILES_STORAGE_PER_USER. Set and read by auth, which serves the admin API; it sees
 * usage per user, but no file.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      ALTER TABLE files.storage ADD COLUMN quota bigint CHECK (quota > 0);

      CREATE FUNCTION files.set_quota(who bigint, most_bytes bigint) RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        INSERT INTO files.storage (user_id, quota) VALUES (who, most_bytes)
        ON CONFLICT (user_id) DO UPDATE SET quota = most_bytes
      $$;

      CREATE FUNCTION files.stored_by(who bigint)
      RETURNS TABLE (used bigint, reserved bigint, files integer, quota bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT s.used, s.reserved, s.files, s.quota FROM files.storage s WHERE s.user_id = who
      $$;

      CREATE FUNCTION files.most_stored(at_most integer)
      RETURNS TABLE (user_id bigint, used bigint, reserved bigint, files integer, quota bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT s.user_id, s.used, s.reserved, s.files, s.quota FROM files.storage s
         ORDER BY s.used + s.reserved DESC, s.user_id LIMIT at_most
      $$;

      CREATE OR REPLACE FUNCTION files.export_user(who bigint) RETURNS jsonb
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_build_object(
          'storage', (SELECT jsonb_build_object('used', used, 'reserved', reserved, 'files', files, 'quota', quota)
              FROM files.storage WHERE user_id = who),
          'files', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_id', ext_id, 'conversation_id', conversation, 'state', state,
              'bytes', coalesce(size, received), 'created_at', created_at, 'expires_at', expires_at) ORDER BY id), '[]')
              FROM files.files WHERE owner_id = who),
          'granted', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_id', f.ext_id, 'declined', g.declined) ORDER BY f.id), '[]')
              FROM files.grants g JOIN files.files f ON f.id = g.file_id WHERE g.user_id = who))
      $$;

      REVOKE ALL ON FUNCTION files.set_quota, files.stored_by, files.most_stored FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION files.set_quota, files.stored_by, files.most_stored TO securechat_auth;
    `)
    .execute(db);
}
