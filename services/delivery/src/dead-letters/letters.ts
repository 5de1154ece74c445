import { CannotDo, type RedisClient, withTransaction } from '@securechat/kernel';
import { ENTRY_FIELD } from '@securechat/protocol/internal';
import type { Pool } from 'pg';

export type Letter = {
  id: string;
  stream: string;
  entry_id: string;
  reason: string;
  at: Date;
  payload: Buffer;
};
export type ListedLetter = Omit<Letter, 'payload'> & { bytes: number };

const LISTED = 50;

/** Newest first. */
export async function listLetters(pool: Pool): Promise<{ letters: ListedLetter[]; total: number }> {
  const [found, counted] = await Promise.all([
    pool.query<ListedLetter>(
      `SELECT id::text, stream, entry_id, reason, at, octet_length(payload) AS bytes
         FROM delivery.dead_letters l ORDER BY l.id DESC LIMIT $1`,
      [LISTED],
    ),
    pool.query<{ total: number }>('SELECT count(*) AS total FROM delivery.dead_letters'),
  ]);
  return { letters: found.rows, total: counted.rows[0]?.total ?? 0 };
}

export async function findLetter(pool: Pick<Pool, 'query'>, id: string): Promise<Letter> {
  const { rows } = await pool.query<Letter>(
    'SELECT id::text, stream, entry_id, reason, at, payload FROM delivery.dead_letters WHERE id = $1',
    [id],
  );
  const [letter] = rows;
  if (!letter) throw new CannotDo(`There is no dead letter ${id}: \`list\` shows those there are.`);
  return letter;
}

export async function dropLetter(pool: Pick<Pool, 'query'>, id: string): Promise<void> {
  const { rowCount } = await pool.query('DELETE FROM delivery.dead_letters WHERE id = $1', [id]);
  if (rowCount === 0) throw new CannotDo(`There is no dead letter ${id}: \`list\` shows those there are.`);
}

/**
 * Puts a record back into its stream and deletes the letter. If the reply of Redis or of the COMMIT is lost, the
 * letter may stay; replaying it again is idempotent, because a record's id is recognised. Resolves with the stream.
 */
export async function replayLetter(
  pool: Pool,
  redis: RedisClient,
  id: string,
  streams: readonly string[],
): Promise<string> {
  return await withTransaction(pool, async (client) => {
    const { stream, payload } = await findLetter(client, id);
    if (!streams.includes(stream))
      throw new CannotDo(
        `${stream} is no stream of this deployment: are STREAM_PREFIX and STREAM_PARTITIONS those of delivery?`,
      );
    await dropLetter(client, id);
    await redis.xadd(stream, '*', ENTRY_FIELD, payload);
    return stream;
  });
}
