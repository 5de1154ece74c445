import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Webhooks, and their undelivered events. Triggers on row changes write the events in the same transaction, so no
 * code path can forget one.
 */
export const webhooks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // needed for signing, so it is stored in the clear
  `CREATE TABLE auth.webhooks (
     id              text PRIMARY KEY COLLATE "C",
     url             text NOT NULL CHECK (length(url) <= 1024),
     events          text[] NOT NULL CHECK (cardinality(events) > 0),
     secret          bytea NOT NULL CHECK (octet_length(secret) = 32),
     previous_secret bytea CHECK (octet_length(previous_secret) = 32),
     previous_until  timestamptz,
     created_at      timestamptz NOT NULL DEFAULT now(),
     CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
   )`,

  // one per webhook that subscribes; deleted on delivery. dead_at: given up, until someone replays it
  `CREATE TABLE auth.webhook_events (
     id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     webhook_id text NOT NULL COLLATE "C" REFERENCES auth.webhooks (id) ON DELETE CASCADE,
     type       text NOT NULL,
     user_name  text COLLATE "C",
     data       jsonb NOT NULL,
     at         timestamptz NOT NULL DEFAULT now(),
     attempts   integer NOT NULL DEFAULT 0,
     due_at     timestamptz NOT NULL DEFAULT now(),
     failure    text,
     dead_at    timestamptz
   )`,
  'CREATE INDEX webhook_events_due ON auth.webhook_events (due_at) WHERE dead_at IS NULL',
  'CREATE INDEX webhook_events_dead ON auth.webhook_events (dead_at) WHERE dead_at IS NOT NULL',
  'CREATE INDEX webhook_events_by_webhook ON auth.webhook_events (webhook_id, at)',
  'CREATE INDEX webhook_events_by_user ON auth.webhook_events (user_name) WHERE user_name IS NOT NULL',

  `CREATE FUNCTION auth.tell_webhooks(event text, about text, facts jsonb) RETURNS void
   LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
     INSERT INTO auth.webhook_events (webhook_id, type, user_name, data)
     SELECT id, event, about, facts FROM auth.webhooks WHERE event = ANY (events)
   $$`,

  `CREATE FUNCTION auth.note_user() RETURNS trigger
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   BEGIN
     IF TG_OP = 'DELETE' THEN
       -- what was not told yet is of somebody who must be named no more; that much the backend has to know
       DELETE FROM auth.webhook_events WHERE user_name = OLD.ext_id;
       PERFORM auth.tell_webhooks('user.erased', NULL, jsonb_build_object('user_id', OLD.ext_id));
     ELSE
       PERFORM auth.tell_webhooks(
         CASE WHEN TG_OP = 'INSERT' THEN 'user.created' WHEN NEW.state = 'active' THEN 'user.enabled' ELSE 'user.suspended' END,
         NEW.ext_id, jsonb_build_object('user_id', NEW.ext_id));
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER note_user AFTER INSERT OR DELETE ON auth.users
     FOR EACH ROW EXECUTE FUNCTION auth.note_user()`,
  `CREATE TRIGGER note_user_state AFTER UPDATE OF state ON auth.users
     FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION auth.note_user()`,

  `CREATE FUNCTION auth.note_device() RETURNS trigger
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   DECLARE
     owner text;
   BEGIN
     SELECT ext_id INTO owner FROM auth.users WHERE id = NEW.user_id;
     PERFORM auth.tell_webhooks(CASE TG_OP WHEN 'INSERT' THEN 'device.added' ELSE 'device.revoked' END,
       owner, jsonb_build_object('user_id', owner, 'device_id', NEW.ext_id));
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER note_device AFTER INSERT ON auth.devices
     FOR EACH ROW EXECUTE FUNCTION auth.note_device()`,
  `CREATE TRIGGER note_device_revoked AFTER UPDATE OF revoked_at ON auth.devices
     FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION auth.note_device()`,
  'REVOKE ALL ON FUNCTION auth.tell_webhooks, auth.note_user, auth.note_device FROM PUBLIC',

  // the webhook that an action concerned
  'ALTER TABLE auth.audit_log ADD COLUMN webhook text COLLATE "C"',
  'ALTER TABLE auth.audit_log DROP CONSTRAINT audit_log_action_check',
  `ALTER TABLE auth.audit_log ADD CONSTRAINT audit_log_action_check CHECK (action IN (
     'create_invites', 'revoke_device', 'disable_account', 'enable_account', 'admit_user',
     'export_account', 'erase_account', 'create_webhook', 'remove_webhook', 'rotate_webhook', 'replay_webhook'))`,

  `CREATE OR REPLACE FUNCTION auth.export_user(who bigint) RETURNS jsonb
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
           FROM auth.audit_log WHERE user_id = who),
       'webhook_events', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', at, 'type', type) ORDER BY at), '[]')
           FROM auth.webhook_events WHERE user_name = u.ext_id))
     FROM auth.users u WHERE u.id = who
   $$`,

  'GRANT SELECT, INSERT, DELETE, UPDATE (secret, previous_secret, previous_until) ON auth.webhooks TO securechat_auth',
  'GRANT SELECT, DELETE, UPDATE (attempts, due_at, dead_at) ON auth.webhook_events TO securechat_auth',
];
