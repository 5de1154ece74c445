import { orderedConsumerTables } from '@securechat/kernel/ordered';
import { type Kysely, sql } from 'kysely';

/**
 * Conversations, messages and mailboxes.
 *
 * A message is stored once; `mailbox` holds a pointer for each device that is to get it, and the device's ack
 * deletes the pointer. Numbers of users and devices are those of the auth schema.
 *
 * `messages` is partitioned by the day it arrived, so that old days are dropped whole instead of deleted row by
 * row. Its unique keys contain the day because Postgres demands it; uniqueness of an id across days is looked up
 * under the conversation's lock. Days are made ahead by `ensure_partitions`; the default partition keeps a
 * message even if that failed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
  await sql.raw(orderedConsumerTables('delivery')).execute(db);
  await sql.raw(PARTITIONS).execute(db);
  await sql.raw(GRANTS).execute(db);
  await sql`SELECT delivery.ensure_partitions(7)`.execute(db);
}

const TABLES = `
  CREATE SCHEMA delivery;

  -- Grows by one when an operator restores a backup: cursors of an older epoch are not taken as acknowledgements.
  CREATE TABLE delivery.settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    mailbox_epoch bigint NOT NULL DEFAULT 1
  );
  INSERT INTO delivery.settings DEFAULT VALUES;

  CREATE TABLE delivery.conversations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ext_id text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('direct', 'group')),
    generation bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    next_seq bigint NOT NULL DEFAULT 1,
    -- The two users of a direct conversation, lower number first, with their names for checking "to".
    low_user bigint, high_user bigint, low_name text, high_name text,
    created_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX one_direct_conversation_per_pair
    ON delivery.conversations (low_user, high_user) WHERE kind = 'direct';

  CREATE TABLE delivery.conv_members (
    conv_id bigint NOT NULL REFERENCES delivery.conversations,
    user_id bigint NOT NULL,
    user_name text NOT NULL,
    role text NOT NULL DEFAULT 'member',
    joined_seq bigint NOT NULL,
    left_seq bigint,
    -- Watermarks: how far some device of this user has stored, and how far the person has read. They only grow.
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    marked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conv_id, user_id, joined_seq)
  ) WITH (fillfactor = 70);
  CREATE INDEX members_by_user ON delivery.conv_members (user_id, conv_id) WHERE left_seq IS NULL;

  -- Who is entitled: a device gets what stands between joined_seq and left_seq.
  CREATE TABLE delivery.conv_devices (
    conv_id bigint NOT NULL REFERENCES delivery.conversations,
    device_id bigint NOT NULL,
    user_id bigint NOT NULL,
    joined_seq bigint NOT NULL,
    left_seq bigint,
    last_client_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (conv_id, device_id, joined_seq)
  ) WITH (fillfactor = 70);
  -- With the conversation, because the planner also takes this one where the primary key would do.
  CREATE INDEX conversations_by_device ON delivery.conv_devices (device_id, conv_id) WHERE left_seq IS NULL;

  CREATE TABLE delivery.device_queue (
    device_id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    head_seq bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);

  -- Apart from the heads: messages to a device and its acknowledgements are often handled by different processes,
  -- which would wait for each other's commits at a common row.
  CREATE TABLE delivery.device_acks (
    device_id bigint PRIMARY KEY,
    acked_seq bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);

  CREATE TABLE delivery.messages (
    day date NOT NULL,
    conv_id bigint NOT NULL,
    conv_seq bigint NOT NULL,
    sender_device bigint NOT NULL,
    msg_id text NOT NULL,
    hash bytea NOT NULL,
    -- Frame type: says in which frame the body is delivered.
    type smallint NOT NULL,
    server_ts_ms bigint NOT NULL,
    -- Unix seconds.
    expires_at bigint,
    -- The sender's frame payload, byte for byte; null once nobody waits for it.
    body bytea,
    PRIMARY KEY (day, conv_id, conv_seq),
    UNIQUE (day, sender_device, msg_id)
  ) PARTITION BY RANGE (day);
  -- Ciphertext does not compress; trying costs CPU.
  ALTER TABLE delivery.messages ALTER COLUMN body SET STORAGE EXTERNAL;
  CREATE TABLE delivery.messages_default PARTITION OF delivery.messages DEFAULT;

  CREATE TABLE delivery.mailbox (
    device_id bigint NOT NULL,
    seq bigint NOT NULL,
    conv_id bigint NOT NULL,
    conv_seq bigint NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (device_id, seq)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
`;

/** Runs as its owner, so that the service's own role needs no right to create tables. */
const PARTITIONS = `
  CREATE FUNCTION delivery.ensure_partitions(days_ahead int) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DECLARE
    first date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    d date;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('delivery.ensure_partitions'));
    FOR d IN SELECT generate_series(first, first + days_ahead, interval '1 day')::date LOOP
      IF to_regclass('delivery.messages_' || to_char(d, 'YYYYMMDD')) IS NULL
         AND NOT EXISTS (SELECT 1 FROM delivery.messages_default WHERE day = d) THEN
        EXECUTE format('CREATE TABLE delivery.%I PARTITION OF delivery.messages FOR VALUES FROM (%L) TO (%L)',
                       'messages_' || to_char(d, 'YYYYMMDD'), d, d + 1);
      END IF;
    END LOOP;
  END $$;
`;

/** What the service does and nothing more: no deletes of messages or conversations, no tables of its own making. */
const GRANTS = `
  GRANT USAGE ON SCHEMA delivery, securechat_migrations TO securechat_delivery;
  -- To see at start that no migration is missing.
  GRANT SELECT ON securechat_migrations.delivery TO securechat_delivery;
  GRANT SELECT ON delivery.settings TO securechat_delivery;
  GRANT SELECT, INSERT, UPDATE ON delivery.conversations, delivery.conv_members, delivery.conv_devices,
    delivery.device_queue, delivery.device_acks, delivery.messages, delivery.stream_cursors TO securechat_delivery;
  GRANT SELECT, INSERT, DELETE ON delivery.mailbox TO securechat_delivery;
  GRANT SELECT, INSERT, UPDATE, DELETE ON delivery.stream_workers TO securechat_delivery;
  GRANT INSERT ON delivery.dead_letters TO securechat_delivery;
  REVOKE ALL ON FUNCTION delivery.ensure_partitions FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION delivery.ensure_partitions TO securechat_delivery;
`;
