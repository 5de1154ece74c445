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
 * Forgets the pointers a device has acknowledged and moves its user's delivered marks. The highest position that
 * any device of the user has stored counts. Resolves with the marks that moved.
 */
export async function applyAcks(client: Queryable, acks: ReadonlyMap<number, number>): Promise<Mark[]> {
  if (acks.size === 0) return [];
  const moved = await client.query<Mark>({
    name: 'apply-acks',
    text: `WITH gone AS (
             DELETE FROM delivery.mailbox b USING unnest($1::bigint[], $2::bigint[]) AS a(device_id, through)
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
