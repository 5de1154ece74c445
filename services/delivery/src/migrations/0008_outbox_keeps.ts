import { type Kysely, sql } from 'kysely';

/**
 * Ending a day keeps what the fan-out has not given out yet: a message with a job waits for its recipients as one with
 * pointers does. And what jobs take away they may lock first, so that they pass over rows that somebody else is at.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(RETIRE).execute(db);
  await sql.raw(FORGET).execute(db);
  await sql.raw(GRANTS).execute(db);
}

/** Of a message `m`. */
const WAITS = `(EXISTS (SELECT 1 FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq)
          OR EXISTS (SELECT 1 FROM delivery.fanout_jobs j WHERE j.conv_id = m.conv_id AND j.conv_seq = m.conv_seq))`;

/** As in 0005 but for the jobs. */
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
        EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s m WHERE body IS NOT NULL AND ${WAITS}
          LIMIT %s) w', part.name, max_moved + 1) INTO waiting;
        CONTINUE WHEN waiting > max_moved;
      END IF;
      LOCK TABLE ONLY delivery.messages, delivery.messages_default IN ACCESS EXCLUSIVE MODE;
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part.name);
      EXECUTE format('ALTER TABLE delivery.messages DETACH PARTITION %s', part.name);
      IF part.day >= keep_from THEN
        EXECUTE format('INSERT INTO delivery.messages SELECT m.* FROM %s m WHERE body IS NOT NULL AND ${WAITS}',
          part.name);
      END IF;
      EXECUTE format('DROP TABLE %s', part.name);
      RETURN part.day;
    END LOOP;
    RETURN NULL;
  END $$;
`;

/** As in 0002, with the path of 0005, but for the jobs. */
const FORGET = `
  CREATE OR REPLACE FUNCTION delivery.forget_unpartitioned(keep_from date, ids_from date, max_rows int) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    gone int;
  BEGIN
    IF keep_from > ids_from THEN RAISE EXCEPTION 'ids are remembered for longer than messages are kept'; END IF;
    DELETE FROM delivery.messages_default WHERE (day, conv_id, conv_seq) IN (
      SELECT day, conv_id, conv_seq FROM delivery.messages_default m
       WHERE day < ids_from AND (day < keep_from OR NOT ${WAITS})
       LIMIT max_rows FOR UPDATE OF m SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
  END $$;
`;

/** A row is locked with the right to change it. Of a pointer nothing is ever changed. */
const GRANTS = 'GRANT UPDATE (bytes) ON delivery.mailbox TO securechat_delivery';
