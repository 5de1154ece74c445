import { type Kysely, sql } from 'kysely';

/**
 * An erasure looks at each message once and at each pointer once. It compared every pointer that went with every other one that
 * went, unless Postgres had fresh statistics of its tables, and looked through all messages of the user's conversations twice in
 * each bite. For 50,000 messages with a million pointers that was a minute with statistics, and without them 4,000 messages in a
 * minute; now 16 s in both cases.
 *
 * Messages go one after the other, by indexes, whatever the planner believes of tables that change under it. A bite ends as soon
 * as it has taken its fill; what is done once, for which all messages are looked at, comes when nothing is left of that.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(ERASE).execute(db);
}

/** Of a message `m`. */
const NAMES_THE_USER = `(position(as_user in m.body) > 0 OR position(as_device in m.body) > 0
                   OR position(as_user in m.welcome) > 0 OR position(as_device in m.welcome) > 0)`;

/**
 * As in 0010 but for the messages. 769 is the frame type of a chat, 0x0301; everything else that is stored is an operation.
 * A message has as many pointers as its group has devices, so these have a bite of their own, which the last message may exceed.
 * Bitmaps are out of the question because they meet all that earlier bites have deleted again, until the next vacuum.
 */
const ERASE = `
  CREATE OR REPLACE FUNCTION delivery.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  SET enable_seqscan = off SET enable_bitmapscan = off AS $$
  DECLARE
    max_pointers CONSTANT bigint := 10 * max_rows;
    name text;
    -- as a member and as a member's device in the JSON of an operation; no other character may stand in a user id
    as_user bytea;
    as_device bytea;
    own bigint[];
    places bigint[];
    pairs bigint[];
    days date[];
    message record;
    pointers bigint;
    messages bigint := 0;
    held bigint := 0;
    named bigint[] := '{}';
    busy bigint[];
    done bigint[];
    gone jsonb := '{}';
    n bigint;
  BEGIN
    SELECT user_name INTO name FROM auth.erasures WHERE user_id = who AND finished_at IS NULL;
    IF name IS NULL THEN RAISE EXCEPTION 'nobody has asked to erase this user'; END IF;
    as_user := convert_to('"' || name || '"', 'UTF8');
    as_device := convert_to('"' || name || ':', 'UTF8');
    own := ARRAY(SELECT id FROM auth.devices WHERE user_id = who);
    places := ARRAY(SELECT DISTINCT conv_id FROM delivery.conv_members WHERE user_id = who ORDER BY 1);
    pairs := ARRAY(SELECT id FROM delivery.conversations WHERE id = ANY(places) AND kind = 'direct');
    days := ARRAY(SELECT d::date FROM generate_series((SELECT min(day) FROM delivery.messages), current_date + 1, interval '1 day') d);

    DELETE FROM delivery.mailbox WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM delivery.mailbox WHERE device_id = ANY(own) LIMIT max_pointers FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS pointers = ROW_COUNT;

    FOR message IN
      SELECT m.day, m.conv_id, m.conv_seq FROM delivery.messages m
       WHERE m.day = ANY(days) AND m.sender_device = ANY(own) AND m.type = 769 AND m.body IS NOT NULL
      UNION ALL
      SELECT m.day, m.conv_id, m.conv_seq FROM delivery.messages m
       WHERE m.day = ANY(days) AND m.conv_id = ANY(pairs) AND m.type = 769 AND m.body IS NOT NULL AND m.sender_device <> ALL(own)
      UNION ALL
      SELECT m.day, m.conv_id, m.conv_seq FROM delivery.messages m
       WHERE is_last AND m.day = ANY(days) AND m.conv_id = ANY(places) AND m.type <> 769 AND m.body IS NOT NULL AND ${NAMES_THE_USER}
       LIMIT max_rows
    LOOP
      EXIT WHEN pointers >= max_pointers;
      PERFORM FROM delivery.messages
        WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq FOR UPDATE SKIP LOCKED;
      IF NOT FOUND THEN held := held + 1; CONTINUE; END IF;
      DELETE FROM delivery.mailbox WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM delivery.mailbox WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq
           FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS n = ROW_COUNT;
      pointers := pointers + n;
      -- one that somebody is at just now keeps its message
      UPDATE delivery.messages SET body = NULL, welcome = NULL
       WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq AND NOT EXISTS (
             SELECT FROM delivery.mailbox WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq);
      IF FOUND THEN messages := messages + 1; ELSE held := held + 1; END IF;
    END LOOP;
    gone := jsonb_build_object('mailbox', pointers, 'messages', messages);
    IF pointers >= max_pointers OR messages + held >= max_rows AND messages + pointers > 0 THEN
      RETURN jsonb_build_object('removed', gone, 'waiting', '{}'::jsonb);
    END IF;

    DELETE FROM delivery.device_queue WHERE device_id = ANY(own);
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('device_queue', n);
    DELETE FROM delivery.device_acks WHERE device_id = ANY(own);
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('device_acks', n);
    DELETE FROM delivery.user_settings WHERE user_id = who;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('user_settings', n);
    DELETE FROM delivery.blocks WHERE user_id = who OR blocked_name = name;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('blocks', n);
    DELETE FROM delivery.hidden_marks WHERE user_id = who OR blocked_name = name;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('hidden_marks', n);
    DELETE FROM delivery.conv_bans WHERE user_name = name;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('conv_bans', n);
    DELETE FROM delivery.dead_letters WHERE position(as_user in payload) > 0 OR position(as_device in payload) > 0;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('dead_letters', n);

    -- in the order in which batches lock them
    PERFORM FROM delivery.conversations WHERE id = ANY(places) ORDER BY id FOR NO KEY UPDATE;
    -- nobody is left who could take the devices out of the keys, or nobody may: a conversation of two is closed
    UPDATE delivery.conv_devices d SET removal_due = false
     WHERE d.conv_id = ANY(places) AND d.user_id = who AND d.removal_due AND d.left_seq IS NOT NULL
       AND (is_last OR d.conv_id = ANY(pairs) OR NOT EXISTS (
            SELECT FROM delivery.conv_devices o WHERE o.conv_id = d.conv_id AND o.user_id <> who AND o.left_seq IS NULL));
    FOR message IN
      SELECT m.day, m.conv_id, m.conv_seq FROM delivery.messages m
       WHERE m.day = ANY(days) AND m.conv_id = ANY(places) AND m.body IS NOT NULL AND ${NAMES_THE_USER}
    LOOP
      -- what nobody waits for any more, which a job would do within a quarter of an hour
      UPDATE delivery.messages SET body = NULL, welcome = NULL
       WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq AND NOT EXISTS (
             SELECT FROM delivery.mailbox WHERE day = message.day AND conv_id = message.conv_id AND conv_seq = message.conv_seq)
         AND NOT EXISTS (
             SELECT FROM delivery.fanout_jobs WHERE conv_id = message.conv_id AND conv_seq = message.conv_seq);
      IF NOT FOUND AND message.conv_id <> ALL(named) THEN named := named || message.conv_id; END IF;
    END LOOP;
    busy := ARRAY(SELECT DISTINCT conv_id FROM delivery.conv_devices
                   WHERE conv_id = ANY(places) AND user_id = who AND (removal_due OR left_seq IS NULL));
    done := ARRAY(SELECT unnest(places) EXCEPT SELECT unnest(named) EXCEPT SELECT unnest(busy));

    DELETE FROM delivery.conv_devices WHERE conv_id = ANY(done) AND user_id = who;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('conv_devices', n);
    DELETE FROM delivery.conv_members WHERE conv_id = ANY(done) AND user_id = who;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('conv_members', n);
    UPDATE delivery.conversations SET low_name = CASE WHEN low_user = who THEN '' ELSE low_name END,
                                      high_name = CASE WHEN high_user = who THEN '' ELSE high_name END
     WHERE id = ANY(done) AND kind = 'direct';
    UPDATE delivery.conversations c SET commit_required = false
     WHERE c.id = ANY(done) AND c.commit_required
       AND NOT EXISTS (SELECT FROM delivery.conv_devices d WHERE d.conv_id = c.id AND d.removal_due);

    RETURN jsonb_build_object('removed', gone, 'waiting', jsonb_build_object(
      'operations_under_way', cardinality(named), 'keys_to_change', cardinality(busy), 'messages_in_use', held));
  END $$`;
