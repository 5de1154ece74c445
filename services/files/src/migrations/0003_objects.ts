import { type Kysely, sql } from 'kysely';

/** What holds the bytes of a chunk in a bucket. Null for those whose bytes are in `blobs`; the release before knows no others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE files.chunks ADD COLUMN object text').execute(db);
}
