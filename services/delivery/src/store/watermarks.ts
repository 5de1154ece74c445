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

const RETURNING = `m.conv_id, c.ext_id AS conversation_id, m.user_name AS user_id,
                   m.delivered_seq AS delivered_through, m.read_seq AS read_through`;

/**
 * Notes how far devices have come, forgets the pointers behind it and moves their users' delivered marks. The highest position that
 * any device of the user has stored counts. Resolves with the marks that moved.
 */
export async function applyAcks(client: Queryable, acks: ReadonlyMap<number, number>): Promise<Mark[]> {
  if (acks.size === 0) return [];
  const moved = await client.query<Mark>({
    name: 'apply-acks',
    text: `WITH acks AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS a(device_id, through)),
           kept AS (
             UPDATE delivery.device_acks d SET acked_seq = a.through FROM acks a
              WHERE d.device_id = a.device_id AND d.acked_seq < a.through),
           gone AS (
             DELETE FROM delivery.mailbox b USING acks a
              WHERE b.device_id = a.device_id AND b.seq <= a.through
             RETURNING b.device_id, b.conv_id, b.conv_seq),
           reached AS (
             SELECT g.conv_id, q.user_id, max(g.conv_seq) AS seq
               FROM gone g JOIN delivery.device_queue q USING (device_id) GROUP BY g.conv_id, q.user_id)
           UPDATE delivery.conv_members m SET delivered_seq = r.seq, marked_at = clock_timestamp()
             FROM reached r JOIN delivery.conversations c ON c.id = r.conv_id
            WHERE m.conv_id = r.conv_id AND m.user_id = r.user_id AND m.left_seq IS NULL AND m.delivered_seq < r.seq
           RETURNING ${RETURNING}`,
    values: [[...acks.keys()], [...acks.values()]],
  });
  return moved.rows;
}

/**
 * Moves read marks, never beyond what was delivered: nobody has read what no device of theirs has.
 * Resolves with the marks that moved.
 */
export async function applyReads(
  client: Queryable,
  reads: readonly { user: number; conversation: string; through: number }[],
): Promise<Mark[]> {
  if (reads.length === 0) return [];
  const moved = await client.query<Mark>({
    name: 'apply-reads',
    text: `UPDATE delivery.conv_members m
              SET read_seq = LEAST(r.through, m.delivered_seq), marked_at = clock_timestamp()
             FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS r(user_id, ext_id, through)
             JOIN delivery.conversations c ON c.ext_id = r.ext_id
            WHERE m.conv_id = c.id AND m.user_id = r.user_id AND m.left_seq IS NULL
              AND m.read_seq < LEAST(r.through, m.delivered_seq)
           RETURNING ${RETURNING}`,
    values: [
      reads.map((read) => read.user),
      reads.map((read) => read.conversation),
      reads.map((read) => read.through),
    ],
  });
  return moved.rows;
}

/** How far these members have come by now. */
export async function readMarks(
  client: Queryable,
  members: readonly Pick<Mark, 'conv_id' | 'user_id'>[],
): Promise<Mark[]> {
  const marks = await client.query<Mark>({
    name: 'read-marks',
    text: `SELECT ${RETURNING}
             FROM unnest($1::bigint[], $2::text[]) AS w(conv_id, user_name)
             JOIN delivery.conv_members m ON m.conv_id = w.conv_id AND m.user_name = w.user_name
             JOIN delivery.conversations c ON c.id = m.conv_id
            WHERE m.left_seq IS NULL`,
    values: [members.map((member) => member.conv_id), members.map((member) => member.user_id)],
  });
  return marks.rows;
}
