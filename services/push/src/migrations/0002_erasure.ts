import { type Kysely, sql } from 'kysely';

/**
 * Called by auth, which runs erasures and exports. Exports only the host of an address: the whole of it is a
 * capability.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE FUNCTION push.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        gone bigint;
      BEGIN
        IF NOT EXISTS (SELECT FROM auth.erasures WHERE user_id = who) THEN
          RAISE EXCEPTION 'nobody has asked to erase this user';
        END IF;
        DELETE FROM push.subscriptions WHERE device_id IN (SELECT id FROM auth.devices WHERE user_id = who);
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN jsonb_build_object('removed', jsonb_build_object('subscriptions', gone), 'waiting', '{}'::jsonb);
      END $$;

      CREATE FUNCTION push.export_user(who bigint) RETURNS jsonb
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_build_object('subscriptions', (
          SELECT coalesce(jsonb_agg(jsonb_build_object('device_id', d.ext_id, 'kind', s.kind, 'created_at', s.created_at,
              'host', substring(s.target from '^https?://([^/]+)'), 'woken_at', nullif(s.woken_at, '-infinity')) ORDER BY s.id), '[]')
            FROM push.subscriptions s JOIN auth.devices d ON d.id = s.device_id WHERE d.user_id = who))
      $$;

      REVOKE ALL ON FUNCTION push.erase_user, push.export_user FROM PUBLIC;
      GRANT USAGE ON SCHEMA push TO securechat_auth;
      GRANT EXECUTE ON FUNCTION push.erase_user, push.export_user TO securechat_auth;
    `)
    .execute(db);
}
