import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** API keys for the admin API, idempotency records of its requests, and invites for a single user. */
export const apiKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // the key itself is shown once and never stored
  `CREATE TABLE auth.api_keys (
     id         text PRIMARY KEY COLLATE "C",
     name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
     key_sha256 bytea NOT NULL CHECK (octet_length(key_sha256) = 32),
     scopes     text[] NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz,
     revoked_at timestamptz
   )`,

  // the answer to each Idempotency-Key; caller '' is the admin token. Answers contain no code and no token
  `CREATE TABLE auth.api_requests (
     caller          text NOT NULL COLLATE "C",
     idempotency_key text NOT NULL COLLATE "C",
     question_sha256 bytea NOT NULL CHECK (octet_length(question_sha256) = 32),
     answer          json,
     at              timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (caller, idempotency_key)
   )`,
  'CREATE INDEX api_requests_by_age ON auth.api_requests (at)',

  // null: the admin token, or a release that knew nothing else
  'ALTER TABLE auth.audit_log ADD COLUMN api_key text COLLATE "C" REFERENCES auth.api_keys (id)',
  'ALTER TABLE auth.audit_log DROP CONSTRAINT audit_log_action_check',
  `ALTER TABLE auth.audit_log ADD CONSTRAINT audit_log_action_check CHECK (action IN (
     'create_invites', 'revoke_device', 'disable_account', 'enable_account', 'admit_user',
     'export_account', 'erase_account'))`,

  // by name: there is no account yet
  'ALTER TABLE auth.invites ADD COLUMN for_user text COLLATE "C"',

  'GRANT SELECT, INSERT, UPDATE (revoked_at) ON auth.api_keys TO securechat_auth',
  'GRANT SELECT, INSERT, DELETE, UPDATE (answer) ON auth.api_requests TO securechat_auth',
];
