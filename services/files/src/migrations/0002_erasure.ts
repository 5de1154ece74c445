import { type Kysely, sql } from 'kysely';

/**
 * Called by auth, which runs erasures and exports. Files end as if they had expired: the sweep keeps the ledger right
 * and knows where the bytes are. Until it has run, they count as pending.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE FUNCTION files.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        ended bigint;
        left_over bigint;
        granted bigint;
        ledger bigint := 0;
      BEGIN
        IF NOT EXISTS (SELECT FROM auth.erasures WHERE user_id = who) THEN
          RAISE EXCEPTION 'nobody has asked to erase this user';
        END IF;
        UPDATE files.files SET expires_at = now() WHERE owner_id = who AND expires_at > now();
        GET DIAGNOSTICS ended = ROW_COUNT;
        DELETE FROM files.grants WHERE user_id = who;
        GET DIAGNOSTICS granted = ROW_COUNT;
        SELECT count(*) INTO left_over FROM files.files WHERE owner_id = who;
        IF left_over = 0 THEN
          DELETE FROM files.storage WHERE user_id = who;
          GET DIAGNOSTICS ledger = ROW_COUNT;
        END IF;
        RETURN jsonb_build_object(
          'removed', jsonb_build_object('files', ended, 'grants', granted, 'storage', ledger),
          'waiting', jsonb_build_object('files', left_over));
      END $$;

      CREATE FUNCTION files.export_user(who bigint) RETURNS jsonb
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_build_object(
          'storage', (SELECT jsonb_build_object('used', used, 'reserved', reserved, 'files', files) FROM files.storage WHERE user_id = who),
          'files', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_id', ext_id, 'conversation_id', conversation, 'state', state,
              'bytes', coalesce(size, received), 'created_at', created_at, 'expires_at', expires_at) ORDER BY id), '[]')
              FROM files.files WHERE owner_id = who),
          'granted', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_id', f.ext_id, 'declined', g.declined) ORDER BY f.id), '[]')
              FROM files.grants g JOIN files.files f ON f.id = g.file_id WHERE g.user_id = who))
      $$;

      REVOKE ALL ON FUNCTION files.erase_user, files.export_user FROM PUBLIC;
      GRANT USAGE ON SCHEMA files TO securechat_auth;
      GRANT EXECUTE ON FUNCTION files.erase_user, files.export_user TO securechat_auth;
    `)
    .execute(db);
}
