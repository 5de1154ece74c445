import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Invites, an audit log of admin actions, and when accounts were disabled or enabled: gateways and delivery act on
 * that.
 */
export const admission: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // the code itself is shown once and never stored
  `CREATE TABLE auth.invites (
     code_sha256 bytea PRIMARY KEY CHECK (octet_length(code_sha256) = 32),
     created_at  timestamptz NOT NULL DEFAULT now(),
     expires_at  timestamptz NOT NULL,
     used_at     timestamptz,
     used_by     bigint REFERENCES auth.users (id),
     CHECK ((used_at IS NULL) = (used_by IS NULL))
   )`,
  `CREATE TABLE auth.audit_log (
     id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at        timestamptz NOT NULL DEFAULT now(),
     action    text NOT NULL CHECK (action IN ('create_invites', 'revoke_device', 'disable_account', 'enable_account')),
     user_id   bigint REFERENCES auth.users (id),
     device_id bigint REFERENCES auth.devices (id),
     count     integer
   )`,

  'ALTER TABLE auth.users ADD COLUMN state_changed_at timestamptz',
  // for every state change, by hand or by a release that does not know the column
  `CREATE FUNCTION auth.note_state_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
   BEGIN
     NEW.state_changed_at := clock_timestamp();
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER note_state_change BEFORE UPDATE OF state ON auth.users
     FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION auth.note_state_change()`,

  // most devices are never revoked and most states never changed: queried every second, with next to nothing to read
  'CREATE INDEX devices_by_revocation ON auth.devices (revoked_at) WHERE revoked_at IS NOT NULL',
  'CREATE INDEX users_by_state_change ON auth.users (state_changed_at) WHERE state_changed_at IS NOT NULL',

  'GRANT SELECT, INSERT, UPDATE ON auth.invites TO securechat_auth',
  'GRANT INSERT ON auth.audit_log TO securechat_auth',
];
