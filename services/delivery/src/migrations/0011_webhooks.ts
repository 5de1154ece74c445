import { type Kysely, sql } from 'kysely';

/** A new conversation is an event for webhooks, in the transaction that makes it. Who takes part is not told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE FUNCTION delivery.note_conversation() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        PERFORM auth.tell_webhooks('conversation.created', NULL,
          jsonb_build_object('conversation_id', NEW.ext_id, 'kind', NEW.kind));
        RETURN NULL;
      END $$;
      REVOKE ALL ON FUNCTION delivery.note_conversation FROM PUBLIC;
      CREATE TRIGGER note_conversation AFTER INSERT ON delivery.conversations
        FOR EACH ROW EXECUTE FUNCTION delivery.note_conversation();
    `)
    .execute(db);
}
