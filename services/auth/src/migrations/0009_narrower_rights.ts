import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * A list that is in the log stays as it was logged, and of accounts and devices nothing changes but whether they are served:
 * whoever speaks as auth can add keys, which the log shows, and not exchange them beside it.
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
