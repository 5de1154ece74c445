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

/** SQL: a mark, from a member `m`. */
const MARK = `m.conv_id, (SELECT ext_id FROM delivery.conversations WHERE id = m.conv_id) AS conversation_id,
              m.user_name AS user_id, m.delivered_seq AS delivered_through, m.read_seq AS read_through`;

/** Whoever moves marks locks their rows in this order first; otherwise two that move several would wait for each other. */
export const IN_ORDER = 'ORDER BY m.conv_id, m.user_id FOR NO KEY UPDATE OF m';

/**
 * SQL: the same for present members that rows `r(conv_id, user_id, seq)` name. One after the other by the primary key, whatever the
 * planner believes: as long as nothing was known of the table it went through all members of a group for each of them, here or by an
 * index of those present. That one is out of the question when `left_seq` is asked for in other words.
 */
const lockedInOrder = (rows: string, isBehind: string): string => `
  SELECT m.conv_id, m.user_id, m.joined_seq, r.seq
    FROM (SELECT * FROM ${rows} r ORDER BY conv_id, user_id) r
   CROSS JOIN LATERAL (
         SELECT conv_id, user_id, joined_seq FROM delivery.conv_members
          WHERE conv_id = r.conv_id AND user_id = r.user_id AND coalesce(left_seq, -1) = -1 AND ${isBehind}
            FOR NO KEY UPDATE) m`;

/**
 * Notes how far devices have come, forgets the pointers behind it and moves their users' delivered marks. The highest position that
 * any device of the user has stored counts. Resolves with the marks that moved.
 *
 * What was acknowledged before is gone, and is not looked for again: until the next vacuum its places in the index are still there, and
 * those of a device that gets much would be gone through for each of its acknowledgements.
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
    // in the order of the devices: two batches that acknowledge for the same ones must not wait for each other
    values: [devices, devices.map((device) => acks.get(device))],
  });
  return moved.rows;
}

/**
 * Moves read marks, never beyond what was delivered: nobody has read what no device of theirs has. Not of those who do
 * not want it to be known.
 * Resolves with the marks that moved.
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
 * SQL: the marks of a member `m` as somebody of that name is told them. To whom the member has blocked they stand where they
 * stood then, as those of an account that is gone; at the start in a conversation that came later.
 */
export const toldMarks = (name: string): string => `
  SELECT CASE WHEN b.user_id IS NULL THEN m.delivered_seq ELSE coalesce(h.delivered_seq, 0) END AS delivered_seq,
         CASE WHEN b.user_id IS NULL THEN m.read_seq ELSE coalesce(h.read_seq, 0) END AS read_seq,
         CASE WHEN b.user_id IS NULL THEN m.marked_at ELSE h.marked_at END AS marked_at
    FROM (SELECT 1) one
    LEFT JOIN delivery.blocks b ON b.user_id = m.user_id AND b.blocked_name = ${name}
    LEFT JOIN delivery.hidden_marks h
           ON h.user_id = b.user_id AND h.blocked_name = b.blocked_name AND h.conv_id = m.conv_id`;

/** `member`: number of the user. `hidden_from`: those whom the member has blocked, who must not see the marks move. */
export type ToldMark = Mark & { member: number; hidden_from: number[] };

/** How far these members have come by now. */
export async function readMarks(
  client: Queryable,
  members: readonly Pick<Mark, 'conv_id' | 'user_id'>[],
): Promise<ToldMark[]> {
  const marks = await client.query<ToldMark>({
    name: 'read-marks',
    text: `SELECT ${MARK}, m.user_id AS member,
                  -- from the blocks, which are few, to the members, who may be many: OFFSET keeps it so
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
