import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** First use of each service key here, by its public id: a seed in a file does not tell how old it is. */
export const serviceKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`
        CREATE TABLE auth.service_keys (
          id            text PRIMARY KEY COLLATE "C",
          first_used_at timestamptz NOT NULL DEFAULT now()
        );
        GRANT SELECT, INSERT ON auth.service_keys TO securechat_auth;
      `)
      .execute(db);
  },
};
