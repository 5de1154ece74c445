import { type Kysely, sql } from 'kysely';

/**
 * The functions that run as their owner look for tables and types in the caller's temporary schema last. It is searched
 * first unless it is named, and a caller could have put views and types of its own there, with code that would run
 * with the owner's rights.
 *
 * Ending a partition locks no more than it touches. Of the other partitions one is nearly always under autovacuum,
 * which gives way after a second, while the wait for a lock ends after half of one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SEARCH_PATHS).execute(db);
  await sql.raw(RETIRE).execute(db);
}

const SEARCH_PATHS = `
  ALTER FUNCTION delivery.ensure_partitions(int) SET search_path = pg_catalog, pg_temp;
  ALTER FUNCTION delivery.ensure_partitions(int, date) SET search_path = pg_catalog, pg_temp;
  ALTER FUNCTION delivery.forget_unpartitioned(date, date, int) SET search_path = pg_catalog, pg_temp;
`;

/** As in 0002 but for its locks: the parent keeps statements off all partitions, the default one changes its bounds. */
const RETIRE = `
  CREATE OR REPLACE FUNCTION delivery.retire_partition(keep_from date, ids_from date, max_moved int) RETURNS date
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
  DECLARE
    part record;
    waiting bigint;
  BEGIN
    IF keep_from > ids_from THEN RAISE EXCEPTION 'ids are remembered for longer than messages are kept'; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('delivery.ensure_partitions'));
    FOR part IN
      SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'delivery.messages'::regclass AND c.relname ~ '^messages_[0-9]{8}$'
         AND to_date(right(c.relname, 8), 'YYYYMMDD') < ids_from
       ORDER BY 2
    LOOP
      IF part.day >= keep_from THEN
        EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s m WHERE body IS NOT NULL AND EXISTS (
            SELECT 1 FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq)
          LIMIT %s) w', part.name, max_moved + 1) INTO waiting;
        CONTINUE WHEN waiting > max_moved;
      END IF;
      LOCK TABLE ONLY delivery.messages, delivery.messages_default IN ACCESS EXCLUSIVE MODE;
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part.name);
      EXECUTE format('ALTER TABLE delivery.messages DETACH PARTITION %s', part.name);
      IF part.day >= keep_from THEN
        EXECUTE format('INSERT INTO delivery.messages SELECT m.* FROM %s m WHERE body IS NOT NULL AND EXISTS (
            SELECT 1 FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq)',
          part.name);
      END IF;
      EXECUTE format('DROP TABLE %s', part.name);
      RETURN part.day;
    END LOOP;
    RETURN NULL;
  END $$;
`;
