import { type Kysely, sql } from 'kysely';

/** Called by auth, which runs erasures and exports. It gets no rights on the tables. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE FUNCTION presence.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        seen bigint;
        settings bigint;
      BEGIN
        IF NOT EXISTS (SELECT FROM auth.erasures WHERE user_id = who) THEN
          RAISE EXCEPTION 'nobody has asked to erase this user';
        END IF;
        DELETE FROM presence.last_seen WHERE user_id = who;
        GET DIAGNOSTICS seen = ROW_COUNT;
        DELETE FROM presence.settings WHERE user_id = who;
        GET DIAGNOSTICS settings = ROW_COUNT;
        RETURN jsonb_build_object('removed', jsonb_build_object('last_seen', seen, 'settings', settings), 'waiting', '{}'::jsonb);
      END $$;

      CREATE FUNCTION presence.export_user(who bigint) RETURNS jsonb
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_build_object(
          'last_seen', (SELECT seen_at FROM presence.last_seen WHERE user_id = who),
          'settings', (SELECT jsonb_build_object('status_to', status_to, 'last_seen', last_seen) FROM presence.settings WHERE user_id = who))
      $$;

      REVOKE ALL ON FUNCTION presence.erase_user, presence.export_user FROM PUBLIC;
      GRANT USAGE ON SCHEMA presence TO securechat_auth;
      GRANT EXECUTE ON FUNCTION presence.erase_user, presence.export_user TO securechat_auth;
    `)
    .execute(db);
}
