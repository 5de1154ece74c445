import { type Kysely, sql } from 'kysely';

/**
 * Files, their chunks and who may have them, and each user's usage. User numbers are those of the auth schema.
 *
 * `storage` is the ledger: what is reserved at the offer and settled when the file is complete, in the transactions
 * that change the file. A row of `chunks` is what makes a chunk stored; its bytes are in `blobs` or in an object
 * store.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(ROLE).execute(db);
  await sql.raw(TABLES).execute(db);
  await sql.raw(VIEWS).execute(db);
  await sql.raw(GRANTS).execute(db);
}

/** Roles are cluster-wide, so the migrations of another database may have created it, even concurrently. */
const ROLE = `
  DO $$
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'securechat_files') THEN
      CREATE ROLE securechat_files LOGIN;
    END IF;
  EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
  END $$;
`;

const TABLES = `
  CREATE SCHEMA files;

  CREATE TABLE files.storage (
    user_id bigint PRIMARY KEY,
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    files integer NOT NULL DEFAULT 0 CHECK (files >= 0)
  ) WITH (fillfactor = 70);

  CREATE TABLE files.files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ext_id text COLLATE "C" NOT NULL UNIQUE,
    owner_id bigint NOT NULL,
    conversation text NOT NULL,
    -- What the offer said, and reserved. Bytes of ciphertext.
    max_size bigint NOT NULL CHECK (max_size > 0),
    chunk_size integer NOT NULL CHECK (chunk_size > 0),
    max_chunks integer NOT NULL CHECK (max_chunks > 0),
    -- removing: nobody may have it, nothing counts for it, its bytes are being deleted.
    state text NOT NULL DEFAULT 'uploading' CHECK (state IN ('uploading', 'verifying', 'complete', 'removing')),
    received bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND max_size),
    -- Of all ciphertext, once verified; while verifying, what it is compared with.
    size bigint,
    sha256 bytea CHECK (octet_length(sha256) = 32),
    -- Who verifies, and until when nobody else does.
    verifier text,
    verifier_until timestamptz,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 70);
  CREATE INDEX files_by_owner ON files.files (owner_id, ext_id) WHERE state <> 'removing';
  CREATE INDEX files_by_expiry ON files.files (expires_at) WHERE state <> 'removing';
  CREATE INDEX files_removing ON files.files (id) WHERE state = 'removing';

  CREATE TABLE files.grants (
    file_id bigint NOT NULL REFERENCES files.files ON DELETE CASCADE,
    user_id bigint NOT NULL,
    declined boolean NOT NULL DEFAULT false,
    PRIMARY KEY (file_id, user_id)
  );

  CREATE TABLE files.chunks (
    file_id bigint NOT NULL REFERENCES files.files,
    idx integer NOT NULL CHECK (idx >= 0),
    len integer NOT NULL CHECK (len > 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    PRIMARY KEY (file_id, idx)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02);

  CREATE TABLE files.blobs (
    file_id bigint NOT NULL REFERENCES files.files,
    idx integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (file_id, idx)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02);
  -- Ciphertext does not compress; trying costs CPU.
  ALTER TABLE files.blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;

  -- What the tokens of the HTTP interface are made with; the newest is used, the one before still taken.
  CREATE TABLE files.token_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL CHECK (octet_length(key) = 32),
    made_at timestamptz NOT NULL DEFAULT now()
  );
`;

/**
 * All that this service may know about conversations and devices. Two users of whom one has blocked the other count
 * as having no direct conversation here.
 */
const VIEWS = `
  CREATE VIEW files.members AS
    SELECT c.ext_id AS conversation, m.user_id
      FROM delivery.conversations c
      JOIN delivery.conv_members m ON m.conv_id = c.id AND m.left_seq IS NULL
     WHERE c.kind <> 'direct' OR NOT EXISTS (
       SELECT FROM delivery.blocks b
        WHERE (b.user_id = c.low_user AND b.blocked_name = c.high_name)
           OR (b.user_id = c.high_user AND b.blocked_name = c.low_name));

  CREATE VIEW files.served_devices AS
    SELECT d.id AS device_id, d.user_id
      FROM auth.devices d JOIN auth.users u ON u.id = d.user_id
     WHERE d.revoked_at IS NULL AND u.state = 'active';
`;

const GRANTS = `
  GRANT USAGE ON SCHEMA files, securechat_migrations TO securechat_files;
  -- To see at start that no migration is missing.
  GRANT SELECT ON securechat_migrations.files TO securechat_files;
  GRANT SELECT ON files.members, files.served_devices TO securechat_files;
  GRANT SELECT, INSERT, UPDATE ON files.storage TO securechat_files;
  GRANT SELECT, INSERT, UPDATE, DELETE ON files.files, files.grants TO securechat_files;
  GRANT SELECT, INSERT, DELETE ON files.chunks, files.blobs, files.token_keys TO securechat_files;
`;
