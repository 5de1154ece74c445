import { type Kysely, sql } from 'kysely';

/** Epochs, roles, the log of operations, and the outbox from which large groups are delivered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      ALTER TABLE delivery.conversations
        -- Place of the operation that led to the epoch, and what was said in it since.
        ADD COLUMN epoch_seq bigint NOT NULL DEFAULT 1,
        ADD COLUMN epoch_messages bigint NOT NULL DEFAULT 0,
        -- SHA-256 of the newest operation's transcript. Null in what the previous release created: the first operation looks it up.
        ADD COLUMN log_head bytea,
        -- Somebody is gone whom no commit has removed yet: who that is stands in conv_devices.removal_due.
        ADD COLUMN commit_required boolean NOT NULL DEFAULT false,
        -- Where pointers are made: in the transaction of the message, or afterwards from fanout_jobs.
        ADD COLUMN fanout text NOT NULL DEFAULT 'inline' CHECK (fanout IN ('inline', 'outbox'));

      ALTER TABLE delivery.conv_devices
        ADD COLUMN removal_due boolean NOT NULL DEFAULT false,
        -- Place of the newest message that the device has sent: whom receipts concern.
        ADD COLUMN last_sent_seq bigint NOT NULL DEFAULT 0;
      CREATE INDEX removals_due ON delivery.conv_devices (conv_id) WHERE removal_due;

      -- The form of an operation for the devices that it adds; the body is for those that are there already.
      ALTER TABLE delivery.messages ADD COLUMN welcome bytea;
      ALTER TABLE delivery.messages ALTER COLUMN welcome SET STORAGE EXTERNAL;
      ALTER TABLE delivery.mailbox ADD COLUMN is_welcome boolean NOT NULL DEFAULT false;

      -- Messages whose pointers are yet to be made, for devices behind after_device. Made with the message, gone with its last pointer.
      CREATE TABLE delivery.fanout_jobs (
        conv_id bigint NOT NULL,
        conv_seq bigint NOT NULL,
        day date NOT NULL,
        after_device bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (conv_id, conv_seq)
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
      CREATE TABLE delivery.user_settings (
        user_id bigint PRIMARY KEY,
        -- Whether read marks of this user are noted, and so told.
        shares_reading boolean NOT NULL DEFAULT true
      );
      GRANT SELECT, INSERT, UPDATE ON delivery.user_settings TO securechat_delivery;
      GRANT SELECT, INSERT, UPDATE, DELETE ON delivery.fanout_jobs TO securechat_delivery;
    `)
    .execute(db);
}
