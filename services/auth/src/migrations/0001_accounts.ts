import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const accounts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`CREATE SCHEMA auth`.execute(db);

    await sql`
      CREATE TABLE auth.users (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ext_id      text NOT NULL UNIQUE COLLATE "C",
        account_key bytea NOT NULL UNIQUE CHECK (octet_length(account_key) = 32),
        state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
        created_at  timestamptz NOT NULL DEFAULT now()
      )`.execute(db);

    // a key belongs to one device permanently, even after its revocation
    await sql`
      CREATE TABLE auth.devices (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id    bigint NOT NULL REFERENCES auth.users (id),
        ext_id     text NOT NULL COLLATE "C",
        public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz,
        UNIQUE (user_id, ext_id)
      )`.execute(db);

    // all versions are kept: each proves the next, whose previous_sha256 is this sha256
    await sql`
      CREATE TABLE auth.device_lists (
        user_id    bigint NOT NULL REFERENCES auth.users (id),
        version    integer NOT NULL CHECK (version >= 1),
        list       jsonb NOT NULL,
        sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, version)
      )`.execute(db);
  },
};
