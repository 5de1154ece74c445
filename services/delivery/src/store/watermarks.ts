import type { ClientBase } from 'pg';

/** A connection or a pool. */
type Queryable = Pick<ClientBase, 'query'>;

/** How far a member has come in a conversation. */
export type Mark = {
  conv_id: number;
  conversation_id: string;
  user_id: string;
  delivered_through: number;
  read_through: number;
};

/** SQL: the columns of a mark, from a member `m`. */
const MARK = `m.conv_id, (SELECT ext_id FROM delivery.conversations WHERE id = m.conv_id) AS conversation_id,
              m.user_name AS user_id, m.delivered_seq AS delivered_through, m.read_seq AS read_through`;

/** Lock order for moving marks: without it, two transactions that move several marks could deadlock. */
export const IN_ORDER = 'ORDER BY m.conv_id, m.user_id FOR NO KEY UPDATE OF m';

/**
 * SQL: the same order for the present members named by rows `r(conv_id, user_id, seq)`. One primary-key probe each,
 * whatever the planner estimates: without statistics it scanned all members of a group for each of them, directly or
 * by the index of present members. The coalesce on `left_seq` rules that index out.
 */
const lockedInOrder = (rows: string, isBehind: string): string => `
  SELECT m.conv_id, m.user_id, m.joined_seq, r.seq
    FROM (SELECT * FROM ${rows} r ORDER BY conv_id, user_id) r
   CROSS JOIN LATERAL (
         SELECT conv_id, user_id, joined_seq FROM delivery.conv_members
          WHERE conv_id = r.conv_id AND user_id = r.user_id AND coalesce(left_seq, -1) = -1 AND ${isBehind}
            FOR NO KEY UPDATE) m`;

/**
 * Records how far devices have acknowledged, deletes the pointers up to there and moves their users' delivered marks.
 * A user's mark is the highest position that any of their devices has stored. Resolves with the marks that moved.
 *
 * Starts after the previous ack, whose pointers are gone: until the next vacuum their index entries remain, and a
 * busy device's would be scanned again for every ack.
 */
export async function applyAcks(client: Queryable, acks: ReadonlyMap<number, number>): Promise<Mark[]> {
  if (acks.size === 0) return [];
  const devices = [...acks.keys()].toSorted((a, b) => a - b);
  const moved = await client.query<Mark>({
    name: 'apply-acks',
    text: `WITH acks AS (
             SELECT a.device_id, a.through, coalesce(d.acked_seq, 0) AS after
               FROM unnest($1::bigint[], $2::bigint[]) AS a(device_id, through)
               LEFT JOIN delivery.device_acks d USING (device_id)),
           gone AS (
             DELETE FROM delivery.mailbox b USING acks a
              WHERE b.device_id = a.device_id AND b.seq > a.after AND b.seq <= a.through
             RETURNING b.device_id, b.conv_id, b.conv_seq, b.bytes),
           parts AS (
             SELECT device_id, conv_id, max(conv_seq) AS seq, count(bytes) AS gone_count, sum(bytes)::bigint AS gone_bytes
               FROM gone GROUP BY device_id, conv_id),
           sums AS (
             SELECT device_id, max(through) AS through, sum(gone_count)::bigint AS gone_count, sum(gone_bytes)::bigint AS gone_bytes
               FROM (SELECT device_id, through, 0::bigint AS gone_count, NULL::bigint AS gone_bytes FROM acks
                     UNION ALL SELECT device_id, NULL, gone_count, gone_bytes FROM parts) g
              GROUP BY device_id),
           kept AS (
             UPDATE delivery.device_acks d
                SET acked_seq = s.through, gone_count = d.gone_count + s.gone_count,
                    gone_bytes = d.gone_bytes + coalesce(s.gone_bytes, 0)
               FROM sums s WHERE d.device_id = s.device_id AND d.acked_seq < s.through),
           reached AS (
             SELECT p.conv_id, q.user_id, max(p.seq) AS seq
               FROM parts p JOIN delivery.device_queue q USING (device_id) GROUP BY p.conv_id, q.user_id),
           behind AS (${lockedInOrder('reached', 'delivered_seq < r.seq')})
           UPDATE delivery.conv_members m SET delivered_seq = r.seq, marked_at = clock_timestamp()
             FROM behind r
            WHERE m.conv_id = r.conv_id AND m.user_id = r.user_id AND m.joined_seq = r.joined_seq AND m.delivered_seq < r.seq
           RETURNING ${MARK}`,
    // in device order: two batches that acknowledge for the same devices must not deadlock
    values: [devices, devices.map((device) => acks.get(device))],
  });
  return moved.rows;
}

/**
 * Moves read marks, never beyond the delivered mark: nobody has read what none of their devices has. Skips users who
 * do not share read receipts. Resolves with the marks that moved.
 */
export async function applyReads(
  client: Queryable,
  reads: readonly { user: number; conversation: string; through: number }[],
): Promise<Mark[]> {
  if (reads.length === 0) return [];
  const moved = await client.query<Mark>({
    name: 'apply-reads',
    text: `WITH told AS (
             SELECT c.id AS conv_id, t.user_id, max(t.through) AS seq
               FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS t(user_id, ext_id, through)
               JOIN delivery.conversations c ON c.ext_id = t.ext_id
              WHERE NOT EXISTS (SELECT FROM delivery.user_settings s WHERE s.user_id = t.user_id AND NOT s.shares_reading)
              GROUP BY c.id, t.user_id),
           behind AS (${lockedInOrder('told', 'read_seq < LEAST(r.seq, delivered_seq)')})
           UPDATE delivery.conv_members m
              SET read_seq = LEAST(r.seq, m.delivered_seq), marked_at = clock_timestamp()
             FROM behind r
            WHERE m.conv_id = r.conv_id AND m.user_id = r.user_id AND m.joined_seq = r.joined_seq
              AND m.read_seq < LEAST(r.seq, m.delivered_seq)
           RETURNING ${MARK}`,
    values: [
      reads.map((read) => read.user),
      reads.map((read) => read.conversation),
      reads.map((read) => read.through),
    ],
  });
  return moved.rows;
}

/**
 * SQL: the marks of a member `m` as shown to the user of that name. To a user whom the member has blocked they are
 * frozen at the time of the block, as for an account that is gone; at zero in a conversation that came later.
 */
export const toldMarks = (name: string): string => `
  SELECT CASE WHEN b.user_id IS NULL THEN m.delivered_seq ELSE coalesce(h.delivered_seq, 0) END AS delivered_seq,
         CASE WHEN b.user_id IS NULL THEN m.read_seq ELSE coalesce(h.read_seq, 0) END AS read_seq,
         CASE WHEN b.user_id IS NULL THEN m.marked_at ELSE h.marked_at END AS marked_at
    FROM (SELECT 1) one
    LEFT JOIN delivery.blocks b ON b.user_id = m.user_id AND b.blocked_name = ${name}
    LEFT JOIN delivery.hidden_marks h
           ON h.user_id = b.user_id AND h.blocked_name = b.blocked_name AND h.conv_id = m.conv_id`;

/** `member`: user number. `hidden_from`: users whom the member has blocked, who must not see the marks move. */
export type ToldMark = Mark & { member: number; hidden_from: number[] };

/** The current marks of these members. */
export async function readMarks(
  client: Queryable,
  members: readonly Pick<Mark, 'conv_id' | 'user_id'>[],
): Promise<ToldMark[]> {
  const marks = await client.query<ToldMark>({
    name: 'read-marks',
    text: `SELECT ${MARK}, m.user_id AS member,
                  -- OFFSET forces the join order: from blocks, which are few, to members, who may be many
                  ARRAY(SELECT o.user_id FROM delivery.blocks b
                         CROSS JOIN LATERAL (
                               SELECT user_id FROM delivery.conv_members
                                WHERE conv_id = m.conv_id AND user_name = b.blocked_name COLLATE "default"
                                  AND left_seq IS NULL OFFSET 0) o
                         WHERE b.user_id = m.user_id) AS hidden_from
             FROM unnest($1::bigint[], $2::text[]) AS w(conv_id, user_name)
             JOIN delivery.conv_members m ON m.conv_id = w.conv_id AND m.user_name = w.user_name
            WHERE m.left_seq IS NULL`,
    values: [members.map((member) => member.conv_id), members.map((member) => member.user_id)],
  });
  return marks.rows;
}
