import type { RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';
import type { Pool } from 'pg';

/** What is known of one message. Ids are chosen by clients, so another device may have used the same one. */
export type Traces = {
  stored: Stored[];
  /** Streams with an uncommitted entry that contains the id. */
  underWay: string[];
  /** Undefined when this role may not read them. */
  deadLetters: { stream: string; entryId: string; reason: string; at: Date }[] | undefined;
};

export type Stored = {
  conversation: string;
  convSeq: string;
  storedAt: Date;
  expiresAt: Date | undefined;
  /** Whether the content is still there. */
  hasBody: boolean;
  /** Devices that have not acknowledged it. */
  waiting: number;
  /** Still in the outbox of a large group: more devices will be added to `waiting`. */
  isFanningOut: boolean;
};

const NOT_ALLOWED = '42501';
/** Entries hold up to 64 KiB each. */
const ENTRIES_AT_ONCE = 200;

/** Never reads content: the id is only searched for in bytes that may hold content. */
export async function lookUp(
  id: string,
  { pool, redis, streams }: { pool: Pool; redis: RedisClient; streams: StreamNames },
): Promise<Traces> {
  return {
    stored: await findStored(pool, id),
    underWay: await findUnderWay(pool, redis, streams.ordered, id),
    deadLetters: await findDeadLetters(pool, id),
  };
}

async function findStored(pool: Pool, id: string): Promise<Stored[]> {
  const { rows } = await pool.query<{
    conversation: string;
    conv_seq: string;
    server_ts_ms: string;
    expires_at: string | null;
    has_body: boolean;
    waiting: number;
    is_fanning_out: boolean;
  }>(
    `SELECT c.ext_id AS conversation, m.conv_seq, m.server_ts_ms, m.expires_at, m.body IS NOT NULL AS has_body,
            (SELECT count(*)::int FROM delivery.mailbox b WHERE b.day = m.day AND b.conv_id = m.conv_id AND b.conv_seq = m.conv_seq) AS waiting,
            EXISTS (SELECT 1 FROM delivery.fanout_jobs f WHERE f.conv_id = m.conv_id AND f.conv_seq = m.conv_seq) AS is_fanning_out
       FROM delivery.messages m JOIN delivery.conversations c ON c.id = m.conv_id
      WHERE m.msg_id = $1 ORDER BY m.server_ts_ms`,
    [id],
  );
  return rows.map((row) => ({
    conversation: row.conversation,
    convSeq: String(row.conv_seq),
    storedAt: new Date(Number(row.server_ts_ms)),
    expiresAt: row.expires_at === null ? undefined : new Date(Number(row.expires_at) * 1_000),
    hasBody: row.has_body,
    waiting: row.waiting,
    isFanningOut: row.is_fanning_out,
  }));
}

/** After each stream's cursor; a stream is bounded, so this ends. */
async function findUnderWay(
  pool: Pool,
  redis: RedisClient,
  streams: readonly string[],
  id: string,
): Promise<string[]> {
  const { rows } = await pool.query<{ stream: string; last_id: string }>(
    'SELECT stream, last_id FROM delivery.stream_cursors',
  );
  const cursors = new Map(rows.map(({ stream, last_id }) => [stream, last_id]));
  const found: string[] = [];
  for (const stream of streams) {
    if (await isBehind(redis, stream, cursors.get(stream) ?? '0-0', id)) found.push(stream);
  }
  return found;
}

async function isBehind(redis: RedisClient, stream: string, cursor: string, id: string): Promise<boolean> {
  for (let after = cursor; ; ) {
    const entries = await redis.xrangeBuffer(stream, `(${after}`, '+', 'COUNT', ENTRIES_AT_ONCE);
    if (entries.some(([, fields]) => fields.some((field) => field.includes(id)))) return true;
    const last = entries.at(-1);
    if (last === undefined) return false;
    after = last[0].toString();
  }
}

async function findDeadLetters(pool: Pool, id: string): Promise<Traces['deadLetters']> {
  try {
    const { rows } = await pool.query<{ stream: string; entryId: string; reason: string; at: Date }>(
      `SELECT stream, entry_id AS "entryId", reason, at FROM delivery.dead_letters
        WHERE position(convert_to($1, 'UTF8') IN payload) > 0 ORDER BY id`,
      [id],
    );
    return rows;
  } catch (error) {
    if ((error as { code?: unknown }).code === NOT_ALLOWED) return undefined;
    throw error;
  }
}
