import { orderedWorkersBusy } from '@securechat/kernel/ordered';
import { type Kysely, sql } from 'kysely';

/** By which workers decide how many of them take part; those of the previous release leave it empty. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(orderedWorkersBusy('delivery')).execute(db);
}
