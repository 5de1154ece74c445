import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Key packages of devices, which of them are used, and what was given out to whom. */
export const keyPackages: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `CREATE TABLE auth.key_packages (
     device_id   bigint NOT NULL REFERENCES auth.devices (id),
     ref         bytea NOT NULL CHECK (octet_length(ref) = 32),
     suite       integer NOT NULL,
     public_key  bytea NOT NULL CHECK (octet_length(public_key) = 32),
     signature   bytea NOT NULL CHECK (octet_length(signature) = 64),
     bytes       bytea NOT NULL CHECK (octet_length(bytes) <= 1536),
     expires_at  timestamptz NOT NULL,
     last_resort boolean NOT NULL,
     upload_no   bigint GENERATED ALWAYS AS IDENTITY,
     PRIMARY KEY (device_id, ref)
   )`,
  // oldest first, because it also expires first
  'CREATE INDEX key_packages_in_turn ON auth.key_packages (device_id, suite, upload_no) WHERE NOT last_resort',
  'CREATE UNIQUE INDEX key_packages_last_resort ON auth.key_packages (device_id, suite) WHERE last_resort',
  'CREATE INDEX key_packages_by_expiry ON auth.key_packages (expires_at)',

  // a package that was given out or replaced must not return for as long as it would be valid
  `CREATE TABLE auth.used_key_packages (
     device_id  bigint NOT NULL REFERENCES auth.devices (id),
     ref        bytea NOT NULL,
     expires_at timestamptz NOT NULL,
     PRIMARY KEY (device_id, ref)
   )`,
  'CREATE INDEX used_key_packages_by_expiry ON auth.used_key_packages (expires_at)',

  // json, not jsonb: a repeated request gets the same text
  `CREATE TABLE auth.key_claims (
     device_id  bigint NOT NULL REFERENCES auth.devices (id),
     request_id text NOT NULL COLLATE "C",
     question   text NOT NULL COLLATE "C",
     bundles    json,
     at         timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (device_id, request_id)
   )`,
  'CREATE INDEX key_claims_by_age ON auth.key_claims (at)',

  'GRANT SELECT, INSERT, DELETE ON auth.key_packages, auth.used_key_packages TO securechat_auth',
  // locking a row for deletion requires the right to update some column of it
  'GRANT UPDATE (upload_no) ON auth.key_packages TO securechat_auth',
  'GRANT SELECT, INSERT, DELETE, UPDATE (bundles) ON auth.key_claims TO securechat_auth',
];
