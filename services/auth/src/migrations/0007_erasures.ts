import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Users to be erased, and what of them is gone: a function in each service's schema erases that service's part. */
export const erasures: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // identifies the user until nothing is left; the hash stays, so that a receipt can be matched to a user id
  `CREATE TABLE auth.erasures (
     id             text PRIMARY KEY COLLATE "C",
     user_id        bigint UNIQUE,
     user_name      text COLLATE "C",
     subject_sha256 bytea NOT NULL CHECK (octet_length(subject_sha256) = 32),
     api_key        text COLLATE "C" REFERENCES auth.api_keys (id),
     asked_at       timestamptz NOT NULL DEFAULT now(),
     removed        jsonb NOT NULL DEFAULT '{}',
     waiting        jsonb NOT NULL DEFAULT '{}',
     finished_at    timestamptz,
     CHECK ((user_id IS NULL) = (finished_at IS NOT NULL) AND (user_id IS NULL) = (user_name IS NULL))
   )`,
  'CREATE INDEX erasures_to_do ON auth.erasures (asked_at) WHERE finished_at IS NULL',

  // tickets name devices by number and outlive them: gateways must treat these as revoked until the last ticket has
  // expired
  `CREATE TABLE auth.erased_devices (
     device_id bigint PRIMARY KEY,
     erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
  'CREATE INDEX erased_devices_by_age ON auth.erased_devices (erased_at)',

  // called last: the other schemas find the user's data through these rows
  `CREATE FUNCTION auth.erase_user(who bigint) RETURNS jsonb
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   DECLARE
     name text;
     own bigint[];
     gone jsonb := '{}';
     n bigint;
   BEGIN
     SELECT user_name INTO name FROM auth.erasures WHERE user_id = who AND finished_at IS NULL;
     IF name IS NULL THEN RAISE EXCEPTION 'nobody has asked to erase this user'; END IF;
     own := ARRAY(SELECT id FROM auth.devices WHERE user_id = who);
     DELETE FROM auth.key_packages WHERE device_id = ANY(own);
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('key_packages', n);
     DELETE FROM auth.used_key_packages WHERE device_id = ANY(own);
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('used_key_packages', n);
     -- others who asked for this user's keys name it in their question, before the colon
     DELETE FROM auth.key_claims WHERE device_id = ANY(own) OR split_part(question, ':', 1) = name;
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('key_claims', n);
     DELETE FROM auth.invites WHERE used_by = who OR for_user = name;
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('invites', n);
     -- what admins did stays on record, without to whom
     UPDATE auth.audit_log SET user_id = NULL, device_id = NULL WHERE user_id = who OR device_id = ANY(own);
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('audit_log', n);
     DELETE FROM auth.device_lists WHERE user_id = who;
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('device_lists', n);
     INSERT INTO auth.erased_devices (device_id) SELECT unnest(own);
     DELETE FROM auth.devices WHERE user_id = who;
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('devices', n);
     DELETE FROM auth.users WHERE id = who;
     GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('users', n);
     RETURN jsonb_build_object('removed', gone, 'waiting', '{}'::jsonb);
   END $$`,

  `CREATE FUNCTION auth.export_user(who bigint) RETURNS jsonb
   LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
     SELECT jsonb_build_object(
       'user_id', u.ext_id, 'state', u.state, 'created_at', u.created_at, 'state_changed_at', u.state_changed_at,
       'account_key', encode(u.account_key, 'base64'),
       'devices', (SELECT coalesce(jsonb_agg(jsonb_build_object('device_id', ext_id, 'public_key', encode(public_key, 'base64'),
           'created_at', created_at, 'revoked_at', revoked_at,
           'key_packages', (SELECT count(*) FROM auth.key_packages k WHERE k.device_id = d.id)) ORDER BY id), '[]')
           FROM auth.devices d WHERE user_id = who),
       'device_lists', (SELECT coalesce(jsonb_agg(list ORDER BY version), '[]') FROM auth.device_lists WHERE user_id = who),
       'invites_used', (SELECT coalesce(jsonb_agg(used_at ORDER BY used_at), '[]') FROM auth.invites WHERE used_by = who),
       'admin_acts', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', at, 'action', action) ORDER BY id), '[]')
           FROM auth.audit_log WHERE user_id = who))
     FROM auth.users u WHERE u.id = who
   $$`,

  'REVOKE ALL ON FUNCTION auth.erase_user, auth.export_user FROM PUBLIC',
  'GRANT EXECUTE ON FUNCTION auth.erase_user, auth.export_user TO securechat_auth',
  'GRANT SELECT, INSERT, UPDATE (user_id, user_name, removed, waiting, finished_at) ON auth.erasures TO securechat_auth',
  'GRANT SELECT, DELETE ON auth.erased_devices TO securechat_auth',
];
