import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Audits quotas that an admin sets; no value: back to the default. */
export const quotas: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`
        ALTER TABLE auth.audit_log ADD COLUMN bytes bigint;
        ALTER TABLE auth.audit_log DROP CONSTRAINT audit_log_action_check;
        ALTER TABLE auth.audit_log ADD CONSTRAINT audit_log_action_check CHECK (action IN (
          'create_invites', 'revoke_device', 'disable_account', 'enable_account', 'admit_user', 'export_account', 'erase_account',
          'create_webhook', 'remove_webhook', 'rotate_webhook', 'replay_webhook', 'set_quota'));
      `)
      .execute(db);
  },
};
