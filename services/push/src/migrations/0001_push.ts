import { type Kysely, sql } from 'kysely';

/**
 * Where devices are woken, and how far each has been woken. What waits for a device is read in place, through views:
 * the mailbox head, and whether anyone but its own user has put something there; no conversation, no sender, no
 * content.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [ROLE, TABLES, VIEWS, GRANTS]) await sql.raw(statement).execute(db);
}

/** Roles are cluster-wide, so the migrations of another database may have created it, even concurrently. */
const ROLE = `
  DO $$
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'securechat_push') THEN
      CREATE ROLE securechat_push LOGIN;
    END IF;
  EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
  END $$;
`;

/** At most one per device, which bounds the table. Deleted with the device's row. */
const TABLES = `
  CREATE SCHEMA push;

  CREATE TABLE push.subscriptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL UNIQUE REFERENCES auth.devices (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('web_push', 'bridge')),
    -- URL of the push service, or what the bridge knows the device by.
    target text NOT NULL CHECK (length(target) <= 1024),
    p256dh bytea CHECK (octet_length(p256dh) = 65),
    auth bytea CHECK (octet_length(auth) = 16),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Nothing is owed for the places of the mailbox up to here: the device was woken for them, or need not be.
    settled_seq bigint NOT NULL DEFAULT 0,
    -- When this place was first seen not to be taken.
    waiting_seq bigint NOT NULL DEFAULT 0,
    waiting_since timestamptz NOT NULL DEFAULT '-infinity',
    woken_at timestamptz NOT NULL DEFAULT '-infinity',
    -- Wakes since the device last took everything that it was woken for.
    unanswered integer NOT NULL DEFAULT 0,
    -- Attempts that failed since one was taken; and until when there is none.
    failures integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    CHECK ((kind = 'web_push') = (p256dh IS NOT NULL AND auth IS NOT NULL))
  ) WITH (fillfactor = 70);
  CREATE INDEX subscriptions_waiting ON push.subscriptions (waiting_since) WHERE waiting_seq > settled_seq;
`;

const VIEWS = `
  CREATE VIEW push.mailboxes AS
    SELECT q.device_id, q.head_seq, coalesce(a.acked_seq, 0) AS acked_seq
      FROM delivery.device_queue q LEFT JOIN delivery.device_acks a USING (device_id);

  -- A place without a message stands for what was dropped, which the device should learn of.
  CREATE VIEW push.waiting AS
    SELECT b.device_id, b.seq, coalesce(s.user_id = q.user_id, false) AS is_own
      FROM delivery.mailbox b
      JOIN delivery.device_queue q USING (device_id)
      LEFT JOIN delivery.messages m ON m.day = b.day AND m.conv_id = b.conv_id AND m.conv_seq = b.conv_seq
      LEFT JOIN auth.devices s ON s.id = m.sender_device;

  CREATE VIEW push.devices AS
    SELECT d.id AS device_id, d.revoked_at IS NOT NULL AS is_revoked, u.state = 'active' AS is_served
      FROM auth.devices d JOIN auth.users u ON u.id = d.user_id;
`;

const GRANTS = `
  GRANT USAGE ON SCHEMA push, securechat_migrations TO securechat_push;
  -- To see at start that no migration is missing.
  GRANT SELECT ON securechat_migrations.push TO securechat_push;
  GRANT SELECT ON push.mailboxes, push.waiting, push.devices TO securechat_push;
  GRANT SELECT, INSERT, UPDATE, DELETE ON push.subscriptions TO securechat_push;
`;
