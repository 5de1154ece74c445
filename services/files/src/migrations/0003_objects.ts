import { type Kysely, sql } from 'kysely';

/**
 * The object that holds a chunk's bytes in a bucket. Null for bytes in `blobs`, the only ones that the previous
 * release knows.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('ALTER TABLE files.chunks ADD COLUMN object text').execute(db);
}
