import { type Kysely, sql } from 'kysely';

/**
 * What retention, expiry and the cap of a backlog need.
 *
 * The service's role still deletes no message and makes no table: the functions here run as their owner, take the
 * day from their caller (tests move it on), and do one bounded piece of work per call. The one that drops partitions
 * needs the whole of `messages` for a moment and gives up soon when it does not get it, because everybody behind it
 * in the queue waits as well.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
  await sql.raw(PARTITIONS).execute(db);
  await sql.raw(RETIRE).execute(db);
  await sql.raw(FORGET).execute(db);
  await sql.raw(GRANTS).execute(db);
}

const TABLES = `
  -- bytes: of the message's body; null in a pointer of the previous release, which then counts for nothing.
  -- dropped, dropped_at_ms: set in an entry that stands for messages which were dropped; its conv_seq is the last
  -- of them, negative, so that it is taken for a message nowhere.
  ALTER TABLE delivery.mailbox ADD COLUMN bytes int, ADD COLUMN dropped int, ADD COLUMN dropped_at_ms bigint;
  -- Finds the pointers to a message, and those of old days.
  CREATE INDEX pointers_by_message ON delivery.mailbox (day, conv_id, conv_seq);

  -- What waits for a device is the difference of the two, roughly: whoever is to act on it counts first.
  ALTER TABLE delivery.device_queue ADD COLUMN put_count bigint NOT NULL DEFAULT 0, ADD COLUMN put_bytes bigint NOT NULL DEFAULT 0;
  ALTER TABLE delivery.device_acks ADD COLUMN gone_count bigint NOT NULL DEFAULT 0, ADD COLUMN gone_bytes bigint NOT NULL DEFAULT 0;

  -- Bodies that are still there, in the order in which they came.
  CREATE INDEX bodies_in_order ON delivery.messages (server_ts_ms, conv_id, conv_seq) WHERE body IS NOT NULL;
  CREATE INDEX bodies_by_expiry ON delivery.messages (expires_at) WHERE expires_at IS NOT NULL AND body IS NOT NULL;
`;

const PARTITIONS = `
  CREATE FUNCTION delivery.ensure_partitions(days_ahead int, today date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    d date;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('delivery.ensure_partitions'));
    FOR d IN SELECT generate_series(today, today + days_ahead, interval '1 day')::date LOOP
      IF to_regclass('delivery.messages_' || to_char(d, 'YYYYMMDD')) IS NULL
         AND NOT EXISTS (SELECT 1 FROM delivery.messages_default WHERE day = d) THEN
        EXECUTE format('CREATE TABLE delivery.%I PARTITION OF delivery.messages FOR VALUES FROM (%L) TO (%L)',
                       'messages_' || to_char(d, 'YYYYMMDD'), d, d + 1);
      END IF;
    END LOOP;
  END $$;
`;

/**
 * Ends the oldest partition that can be ended: of a day before keep_from with all that is in it; of a day before
 * ids_from, whose ids nobody needs any more, by moving what still waits to the default partition, if that is at most
 * max_moved messages.
 */
const RETIRE = `
  CREATE FUNCTION delivery.retire_partition(keep_from date, ids_from date, max_moved int) RETURNS date
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    part record;
    waiting bigint;
  BEGIN
    IF keep_from > ids_from THEN RAISE EXCEPTION 'ids are remembered for longer than messages are kept'; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('delivery.ensure_partitions'));
    FOR part IN
      SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
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
      LOCK TABLE delivery.messages IN ACCESS EXCLUSIVE MODE;
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

/** Forgets messages of the default partition that are too old, or whose ids are and that nobody waits for. */
const FORGET = `
  CREATE FUNCTION delivery.forget_unpartitioned(keep_from date, ids_from date, max_rows int) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DECLARE
    gone int;
  BEGIN
    IF keep_from > ids_from THEN RAISE EXCEPTION 'ids are remembered for longer than messages are kept'; END IF;
    DELETE FROM delivery.messages_default WHERE (day, conv_id, conv_seq) IN (
      SELECT day, conv_id, conv_seq FROM delivery.messages_default m
       WHERE day < ids_from AND (day < keep_from OR NOT EXISTS (
             SELECT 1 FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq))
       LIMIT max_rows);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
  END $$;
`;

const GRANTS = `
  REVOKE ALL ON FUNCTION delivery.ensure_partitions(int, date), delivery.retire_partition, delivery.forget_unpartitioned FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION delivery.ensure_partitions(int, date), delivery.retire_partition, delivery.forget_unpartitioned
    TO securechat_delivery;
  -- To tell when messages have fallen into it.
  GRANT SELECT ON delivery.messages_default TO securechat_delivery;
`;
