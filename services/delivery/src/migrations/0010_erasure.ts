import { type Kysely, sql } from 'kysely';

/**
 * Called by auth, which runs erasures and exports.
 *
 * What a user has said goes at once, also where somebody has not fetched it yet. Two things are waited for, because other people's keys
 * stand on them: operations of groups that are still on their way to some device and name the user, and commits that take the
 * user's devices out of the keys. `is_last` waits no more.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [INDEX, ERASE, EXPORT, GRANTS]) await sql.raw(statement).execute(db);
}

/** The other one knows only those who have not left. */
const INDEX = 'CREATE INDEX members_ever ON delivery.conv_members (user_id)';

/** 769 is the frame type of a chat, 0x0301; everything else that is stored is an operation. */
const ERASE = `
  CREATE FUNCTION delivery.erase_user(who bigint, is_last boolean, max_rows int) RETURNS jsonb
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    name text;
    -- as a member and as a member's device in the JSON of an operation; no other character may stand in a user id
    as_user bytea;
    as_device bytea;
    own bigint[];
    places bigint[];
    pairs bigint[];
    days date[];
    named bigint[];
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

    WITH taken AS (
      SELECT device_id, seq FROM delivery.mailbox WHERE device_id = ANY(own) LIMIT max_rows FOR UPDATE SKIP LOCKED)
    DELETE FROM delivery.mailbox b USING taken t WHERE b.device_id = t.device_id AND b.seq = t.seq;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('mailbox', n);

    WITH due AS (
      SELECT day, conv_id, conv_seq FROM delivery.messages m
       WHERE m.day = ANY(days) AND m.conv_id = ANY(places) AND m.body IS NOT NULL
         AND CASE WHEN m.type = 769 THEN m.sender_device = ANY(own) OR m.conv_id = ANY(pairs)
                  ELSE is_last AND (position(as_user in m.body) > 0 OR position(as_device in m.body) > 0
                                    OR position(as_user in m.welcome) > 0 OR position(as_device in m.welcome) > 0) END
       LIMIT max_rows FOR UPDATE SKIP LOCKED),
    taken AS (
      SELECT b.device_id, b.seq FROM due d JOIN delivery.mailbox b USING (day, conv_id, conv_seq) FOR UPDATE OF b SKIP LOCKED),
    unpointed AS (
      DELETE FROM delivery.mailbox b USING taken t WHERE b.device_id = t.device_id AND b.seq = t.seq)
    UPDATE delivery.messages m SET body = NULL, welcome = NULL FROM due d
     WHERE m.day = d.day AND m.conv_id = d.conv_id AND m.conv_seq = d.conv_seq AND NOT EXISTS (
           SELECT FROM delivery.mailbox b
            WHERE b.day = d.day AND b.conv_id = d.conv_id AND b.conv_seq = d.conv_seq
              AND NOT EXISTS (SELECT FROM taken t WHERE t.device_id = b.device_id AND t.seq = b.seq));
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone || jsonb_build_object('messages', n);

    -- what nobody waits for any more, which a job would do within a quarter of an hour
    UPDATE delivery.messages m SET body = NULL, welcome = NULL
     WHERE m.day = ANY(days) AND m.conv_id = ANY(places) AND m.body IS NOT NULL
       AND NOT EXISTS (SELECT FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq)
       AND NOT EXISTS (SELECT FROM delivery.fanout_jobs j WHERE j.conv_id = m.conv_id AND j.conv_seq = m.conv_seq);

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
    named := ARRAY(
      SELECT DISTINCT conv_id FROM delivery.messages m
       WHERE m.day = ANY(days) AND m.conv_id = ANY(places) AND m.body IS NOT NULL
         AND (position(as_user in m.body) > 0 OR position(as_device in m.body) > 0
              OR position(as_user in m.welcome) > 0 OR position(as_device in m.welcome) > 0));
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
      'operations_under_way', cardinality(named), 'keys_to_change', cardinality(busy)));
  END $$`;

const EXPORT = `
  CREATE FUNCTION delivery.export_user(who bigint) RETURNS jsonb
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
      'conversations', (SELECT coalesce(jsonb_agg(jsonb_build_object('conversation_id', c.ext_id, 'kind', c.kind, 'role', m.role,
          'with', CASE who WHEN c.low_user THEN c.high_name WHEN c.high_user THEN c.low_name END,
          'joined_at_message', m.joined_seq, 'left_at_message', m.left_seq,
          'delivered_through', m.delivered_seq, 'read_through', m.read_seq, 'marked_at', m.marked_at) ORDER BY c.id, m.joined_seq), '[]')
          FROM delivery.conv_members m JOIN delivery.conversations c ON c.id = m.conv_id WHERE m.user_id = who),
      'blocked', (SELECT coalesce(jsonb_agg(jsonb_build_object('user_id', blocked_name, 'since', blocked_at) ORDER BY blocked_name), '[]')
          FROM delivery.blocks WHERE user_id = who),
      'shares_reading', (SELECT shares_reading FROM delivery.user_settings WHERE user_id = who),
      'waiting', (SELECT coalesce(jsonb_agg(jsonb_build_object('device_id', d.ext_id,
          'messages', (SELECT count(*) FROM delivery.mailbox b WHERE b.device_id = d.id)) ORDER BY d.id), '[]')
          FROM auth.devices d WHERE d.user_id = who))
  $$`;

const GRANTS = `
  REVOKE ALL ON FUNCTION delivery.erase_user, delivery.export_user FROM PUBLIC;
  GRANT USAGE ON SCHEMA delivery TO securechat_auth;
  GRANT EXECUTE ON FUNCTION delivery.erase_user, delivery.export_user TO securechat_auth;
`;
