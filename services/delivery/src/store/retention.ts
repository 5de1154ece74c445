import type { Pool } from 'pg';
import type { Days } from '../rules/days.ts';

/** Where a walk over bodies stands: after this message. */
export type Place = { serverTsMs: number; conversation: number; convSeq: number };

export const START: Place = { serverTsMs: 0, conversation: 0, convSeq: 0 };

/**
 * Empties messages that no pointer leads to any more, in the order in which they came. One statement has one snapshot,
 * and pointers are only ever written together with their message, or with the job that says they are to come: whoever has
 * neither in it will never have one.
 * Resolves with where to go on, or with undefined at the end.
 */
export async function freeBodies(
  pool: Pool,
  after: Place,
  limit: number,
): Promise<{ freed: number; next: Place | undefined }> {
  const found = await pool.query<{ freed: number; seen: number; ts: number; conv: number; seq: number }>({
    name: 'free-bodies',
    text: `WITH looked AS (
             SELECT day, conv_id, conv_seq, server_ts_ms FROM delivery.messages
              WHERE body IS NOT NULL AND (server_ts_ms, conv_id, conv_seq) > ($1::bigint, $2::bigint, $3::bigint)
              ORDER BY server_ts_ms, conv_id, conv_seq LIMIT $4),
           free AS (
             SELECT m.day, m.conv_id, m.conv_seq FROM looked s JOIN delivery.messages m USING (day, conv_id, conv_seq)
              -- IS FALSE: asked for each message, by an index; as a join it is a loop within a loop until there are statistics
              WHERE EXISTS (SELECT 1 FROM delivery.mailbox b
                             WHERE b.day = s.day AND b.conv_id = s.conv_id AND b.conv_seq = s.conv_seq) IS FALSE
                AND EXISTS (SELECT 1 FROM delivery.fanout_jobs j
                             WHERE j.conv_id = s.conv_id AND j.conv_seq = s.conv_seq) IS FALSE
                FOR UPDATE OF m SKIP LOCKED),
           freed AS (
             UPDATE delivery.messages m SET body = NULL, welcome = NULL FROM free f
              WHERE m.day = f.day AND m.conv_id = f.conv_id AND m.conv_seq = f.conv_seq
             RETURNING 1)
           SELECT (SELECT count(*) FROM freed) AS freed, (SELECT count(*) FROM looked) AS seen,
                  server_ts_ms AS ts, conv_id AS conv, conv_seq AS seq
             FROM looked ORDER BY server_ts_ms DESC, conv_id DESC, conv_seq DESC LIMIT 1`,
    values: [after.serverTsMs, after.conversation, after.convSeq, limit],
  });
  const row = found.rows[0];
  if (!row) return { freed: 0, next: undefined };
  const next = { serverTsMs: row.ts, conversation: row.conv, convSeq: row.seq };
  return { freed: row.freed, next: row.seen < limit ? undefined : next };
}

/** In one statement: two hundred messages of a large group may have a million, and each that goes is compared with all that go. */
const MOST_POINTERS = 1_000;

/**
 * Empties messages whose time is over and takes away the pointers to them. What somebody else is at, mostly an acknowledgement,
 * is passed over and left to the next run, and a message with such a pointer keeps its content until then: two that take
 * pointers in different orders would wait for each other. So does one with more pointers than fit; nobody is shown it any more. Resolves with what
 * was taken away, and whether there is more to be taken.
 */
export async function expireMessages(
  pool: Pool,
  nowMs: number,
  limit: number,
): Promise<{ emptied: number; unpointed: number; isMore: boolean }> {
  const found = await pool.query<{ looked: number; emptied: number; unpointed: number }>({
    name: 'expire-messages',
    text: `WITH due AS (
             SELECT day, conv_id, conv_seq FROM delivery.messages
              WHERE expires_at <= $1 AND expires_at IS NOT NULL AND body IS NOT NULL ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED),
           taken AS (
             SELECT b.device_id, b.seq FROM due d JOIN delivery.mailbox b USING (day, conv_id, conv_seq)
              LIMIT ${MOST_POINTERS} FOR UPDATE OF b SKIP LOCKED),
           gone AS (
             DELETE FROM delivery.mailbox b USING taken t WHERE b.device_id = t.device_id AND b.seq = t.seq),
           emptied AS (
             UPDATE delivery.messages m SET body = NULL, welcome = NULL FROM due d
              WHERE m.day = d.day AND m.conv_id = d.conv_id AND m.conv_seq = d.conv_seq AND NOT EXISTS (
                    SELECT 1 FROM delivery.mailbox b
                     WHERE b.day = d.day AND b.conv_id = d.conv_id AND b.conv_seq = d.conv_seq
                       AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.device_id = b.device_id AND t.seq = b.seq))
             RETURNING 1)
           SELECT (SELECT count(*) FROM due) AS looked, (SELECT count(*) FROM emptied) AS emptied,
                  (SELECT count(*) FROM taken) AS unpointed`,
    values: [Math.floor(nowMs / 1000), limit],
  });
  const { looked = 0, emptied = 0, unpointed = 0 } = found.rows[0] ?? {};
  // what others are at is looked at again and again otherwise
  const hasMoved = emptied + unpointed > 0;
  return { emptied, unpointed, isMore: hasMoved && (looked === limit || unpointed === MOST_POINTERS) };
}

/** Takes away pointers of days before `keepFrom`; those that somebody is at, the next time. Resolves with how many. */
export async function forgetPointers(pool: Pool, keepFrom: string, limit: number): Promise<number> {
  const found = await pool.query({
    name: 'forget-pointers',
    text: `WITH old AS (
             SELECT device_id, seq FROM delivery.mailbox WHERE day < $1::date ORDER BY day LIMIT $2
                FOR UPDATE SKIP LOCKED)
           DELETE FROM delivery.mailbox b USING old o WHERE b.device_id = o.device_id AND b.seq = o.seq`,
    values: [keepFrom, limit],
  });
  return found.rowCount ?? 0;
}

/** Ends one partition. Resolves with false when there is none to be ended. */
export async function retirePartition(pool: Pool, days: Days, maxMoved: number): Promise<boolean> {
  const found = await pool.query<{ ended: boolean }>(
    'SELECT delivery.retire_partition($1, $2, $3) IS NOT NULL AS ended',
    [days.keepFrom, days.idsFrom, maxMoved],
  );
  return found.rows[0]?.ended === true;
}

/** Forgets what lies in the default partition and is needed no more. Resolves with how many messages. */
export async function forgetUnpartitioned(pool: Pool, days: Days, limit: number): Promise<number> {
  const found = await pool.query<{ gone: number }>(
    'SELECT delivery.forget_unpartitioned($1, $2, $3) AS gone',
    [days.keepFrom, days.idsFrom, limit],
  );
  return found.rows[0]?.gone ?? 0;
}
