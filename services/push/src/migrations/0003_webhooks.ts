import { type Kysely, sql } from 'kysely';

/**
 * Webhook events are written where they happen; push sends them, so that a single service connects to addresses that
 * others choose.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      GRANT USAGE ON SCHEMA auth TO securechat_push;
      GRANT SELECT ON auth.webhooks TO securechat_push;
      GRANT SELECT, DELETE, UPDATE (attempts, due_at, failure, dead_at) ON auth.webhook_events TO securechat_push;
    `)
    .execute(db);
}
