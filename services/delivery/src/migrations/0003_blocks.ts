import { type Kysely, sql } from 'kysely';

/**
 * Whom each user has blocked. By name, so that somebody who does not exist is blocked like anybody else: the answer
 * tells nothing, and the block holds if the name is taken later. Names are compared by their bytes ("C"), which is also
 * the order in which a list is told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE TABLE delivery.blocks (
        user_id bigint NOT NULL,
        blocked_name text COLLATE "C" NOT NULL,
        blocked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, blocked_name)
      );
      GRANT SELECT, INSERT, DELETE ON delivery.blocks TO securechat_delivery;
    `)
    .execute(db);
}
