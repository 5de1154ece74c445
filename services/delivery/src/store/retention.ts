import type { Pool } from 'pg';
import type { Days } from '../rules/days.ts';

/** Cursor of a scan over bodies: after this message. */
export type Place = { serverTsMs: number; conversation: number; convSeq: number };

export const START: Place = { serverTsMs: 0, conversation: 0, convSeq: 0 };

/**
 * Empties messages that no pointer refers to any more, oldest first. Safe because one statement has one snapshot, and
 * pointers are only written together with their message or with the outbox job that announces them: a message with
 * neither in the snapshot will never have one. Resolves with where to continue, or with undefined at the end.
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
              -- IS FALSE makes these per-row index probes; as an anti-join it is a nested loop until there are statistics
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

/**
 * Per statement: 200 messages of a large group may have a million pointers, and each deleted one is compared with all
 * deleted.
 */
const MOST_POINTERS = 1_000;

/**
 * Empties expired messages and deletes their pointers. Rows that others have locked, mostly for acks, are skipped and
 * left to the next run, and a message with such a pointer keeps its content until then: waiting for them could
 * deadlock, since the other side takes pointers in another order. A message with more pointers than fit also keeps
 * it; nobody is shown it any more. Resolves with what was removed, and whether there is more.
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
  // otherwise locked rows would be retried in a busy loop
  const hasMoved = emptied + unpointed > 0;
  return { emptied, unpointed, isMore: hasMoved && (looked === limit || unpointed === MOST_POINTERS) };
}

/** Deletes pointers of days before `keepFrom`; locked ones are left to the next run. Resolves with how many. */
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

/** Retires one partition. Resolves with false when there is none to retire. */
export async function retirePartition(pool: Pool, days: Days, maxMoved: number): Promise<boolean> {
  const found = await pool.query<{ ended: boolean }>(
    'SELECT delivery.retire_partition($1, $2, $3) IS NOT NULL AS ended',
    [days.keepFrom, days.idsFrom, maxMoved],
  );
  return found.rows[0]?.ended === true;
}

/** Deletes messages of the default partition that are no longer needed. Resolves with how many. */
export async function forgetUnpartitioned(pool: Pool, days: Days, limit: number): Promise<number> {
  const found = await pool.query<{ gone: number }>(
    'SELECT delivery.forget_unpartitioned($1, $2, $3) AS gone',
    [days.keepFrom, days.idsFrom, limit],
  );
  return found.rows[0]?.gone ?? 0;
}
