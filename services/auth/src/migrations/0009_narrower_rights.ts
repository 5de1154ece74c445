import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * A logged list stays as logged, and of accounts and devices only whether they are served can change: auth's role can
 * add keys, which the log shows, but not exchange them outside it.
 */
export const narrowerRights: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`
        REVOKE UPDATE ON auth.users, auth.devices, auth.device_lists FROM securechat_auth;
        GRANT UPDATE (state) ON auth.users TO securechat_auth;
        GRANT UPDATE (revoked_at) ON auth.devices TO securechat_auth;
      `)
      .execute(db);
  },
};
