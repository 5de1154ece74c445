import { type Kysely, sql } from 'kysely';

/** How much waits for each device of a user, as admins are told by auth: numbers, and neither from whom nor in which conversation. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE FUNCTION delivery.waiting_for(who bigint)
      RETURNS TABLE (device_id text, messages bigint, bytes bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT d.ext_id, count(b.bytes), coalesce(sum(b.bytes), 0)::bigint
          FROM auth.devices d LEFT JOIN delivery.mailbox b ON b.device_id = d.id
         WHERE d.user_id = who AND d.revoked_at IS NULL GROUP BY d.id, d.ext_id ORDER BY d.id
      $$;

      REVOKE ALL ON FUNCTION delivery.waiting_for FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION delivery.waiting_for TO securechat_auth;
    `)
    .execute(db);
}
