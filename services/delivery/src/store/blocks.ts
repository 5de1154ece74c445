import { withTransaction } from '@securechat/kernel';
import { MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';
import { IN_ORDER } from './watermarks.ts';

/** A connection or a pool. */
type Queryable = Pick<ClientBase, 'query'>;

/** Arbitrary, but used by nothing else on the server: "scbl" in ASCII. */
const BLOCK_LOCK = 0x7363626c;

/**
 * True when the block is stored, now or earlier; false when the user has reached the limit. Waits for whatever the
 * other user is just storing, under the same locks that batches take; everything later sees the block.
 */
export async function addBlock(pool: Pool, user: number, name: string): Promise<boolean> {
  return await withTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [BLOCK_LOCK, name]);
    await client.query({
      name: 'lock-pair',
      text: `SELECT FROM delivery.conversations c JOIN auth.users u ON u.ext_id = $2
              WHERE c.kind = 'direct' AND c.low_user = LEAST($1, u.id) AND c.high_user = GREATEST($1, u.id)
                FOR NO KEY UPDATE OF c`,
      values: [user, name],
    });
    return await insertBlock(client, user, name);
  });
}

/**
 * Until the end of the transaction nobody can block these users: for creating conversations or adding users to them,
 * which no conversation lock serialises. Taken before any other lock of a batch except its cursors.
 */
export async function holdOffBlocks(client: Queryable, users: readonly number[]): Promise<void> {
  await client.query({
    name: 'hold-off-blocks',
    text: `SELECT pg_advisory_xact_lock_shared($1, key)
             FROM (SELECT DISTINCT hashtext(ext_id) AS key FROM auth.users WHERE id = ANY($2) ORDER BY key) k`,
    values: [BLOCK_LOCK, users],
  });
}

/** Freezes the marks that the other user is shown at their current values, as for a user who is gone. */
async function insertBlock(client: Queryable, user: number, name: string): Promise<boolean> {
  const added = await client.query<{ is_blocked: boolean }>({
    name: 'add-block',
    text: `WITH known AS (SELECT FROM delivery.blocks WHERE user_id = $1 AND blocked_name = $2),
                counted AS (
                  SELECT count(*) AS n FROM (SELECT FROM delivery.blocks WHERE user_id = $1 LIMIT $3) b),
                added AS (
                  INSERT INTO delivery.blocks (user_id, blocked_name)
                  SELECT $1, $2 FROM counted WHERE n < $3 ON CONFLICT DO NOTHING RETURNING user_id),
                hidden AS (
                  INSERT INTO delivery.hidden_marks
                         (user_id, blocked_name, conv_id, delivered_seq, read_seq, marked_at)
                  SELECT a.user_id, $2, m.conv_id, m.delivered_seq, m.read_seq, m.marked_at
                    FROM added a JOIN delivery.conv_members m ON m.user_id = a.user_id AND m.left_seq IS NULL
                    JOIN delivery.conv_members o ON o.conv_id = m.conv_id AND o.user_name = $2 AND o.left_seq IS NULL)
           SELECT n < $3 OR EXISTS (SELECT FROM known) AS is_blocked FROM counted`,
    values: [user, name, MAX_BLOCKED_USERS],
  });
  return added.rows[0]?.is_blocked === true;
}

/** Marks that looked frozen to the other user during the block count as moved now, so that the next resume reports them. */
export async function removeBlock(db: Queryable, user: number, name: string): Promise<void> {
  await db.query({
    name: 'remove-block',
    text: `WITH removed AS (DELETE FROM delivery.blocks WHERE user_id = $1 AND blocked_name = $2 RETURNING user_id),
           unhidden AS (DELETE FROM delivery.hidden_marks WHERE user_id = $1 AND blocked_name = $2),
           shared AS (
             SELECT m.conv_id, m.user_id, m.joined_seq
               FROM removed r JOIN delivery.conv_members m ON m.user_id = r.user_id AND m.left_seq IS NULL
               JOIN delivery.conv_members o ON o.conv_id = m.conv_id AND o.user_name = $2 AND o.left_seq IS NULL
              ${IN_ORDER})
           UPDATE delivery.conv_members m SET marked_at = clock_timestamp() FROM shared s
            WHERE m.conv_id = s.conv_id AND m.user_id = s.user_id AND m.joined_seq = s.joined_seq`,
    values: [user, name],
  });
}

/** Names after `after`, in byte order. */
export async function listBlocks(
  db: Queryable,
  ask: { user: number; after: string; limit: number },
): Promise<{ names: string[]; more: boolean }> {
  const found = await db.query<{ blocked_name: string }>({
    name: 'list-blocks',
    text: `SELECT blocked_name FROM delivery.blocks
            WHERE user_id = $1 AND blocked_name > $2 ORDER BY blocked_name LIMIT $3 + 1`,
    values: [ask.user, ask.after, ask.limit],
  });
  const names = found.rows.map((row) => row.blocked_name);
  return { names: names.slice(0, ask.limit), more: names.length > ask.limit };
}
