import { type Kysely, sql } from 'kysely';

/** Finds members of a large group by their names, as receipts and lists of members do. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('CREATE INDEX members_by_name ON delivery.conv_members (conv_id, user_name) WHERE left_seq IS NULL')
    .execute(db);
}
