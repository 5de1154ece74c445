import { type Kysely, sql } from 'kysely';

/** Whom each group does not let in: by name, as blocks are, and at most as many as the protocol allows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE TABLE delivery.conv_bans (
        conv_id bigint NOT NULL REFERENCES delivery.conversations,
        user_name text COLLATE "C" NOT NULL,
        -- Place of the operation that says so.
        banned_seq bigint NOT NULL,
        PRIMARY KEY (conv_id, user_name)
      );
      GRANT SELECT, INSERT, DELETE ON delivery.conv_bans TO securechat_delivery;
    `)
    .execute(db);
}
