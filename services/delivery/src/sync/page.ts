import { gatherCalls } from '@securechat/kernel';
import { downstreamById, SYNC_PAGE_BYTES, SYNC_PAGE_ITEMS } from '@securechat/protocol';
import type { Answer, Ask, StoredType, SyncPageHead } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { applyAcks, type Mark, toldMarks } from '../store/watermarks.ts';

type PageAsk = Extract<Ask<'delivery'>, { kind: 'page' }>;

/** Watermarks per page; later receipts bring the rest. */
const MAX_RECEIPTS = 200;
/** Mailboxes looked up per statement, and concurrent statements: after an outage everyone asks at once. */
const LOOKING = { most: 64, atOnce: 4 };

export type Page = { head: Answer<'delivery', 'page'>; bodies: Buffer[]; moved: Mark[] };

type Row = {
  head_seq: number;
  mailbox_epoch: number;
  has_more: boolean | null;
  seq: number | null;
  conv_seq: number;
  type: number;
  server_ts_ms: number;
  body: Buffer | null;
  expires_at: number | null;
  dropped: number | null;
  dropped_at_ms: number;
  conversation: string;
};

export type Pages = (ask: PageAsk, nowMs: number) => Promise<Page>;

/**
 * Reads pages of mailboxes. Mailbox ends are looked up in one statement for all concurrent requests, and most have
 * nothing beyond what the device has. Otherwise one more statement reads pointers and head from the same snapshot:
 * `through` of the last page may then jump to the head, past whatever has expired. A page ends at 200 items or 256
 * KiB.
 */
export function createPages(pool: Pool): Pages {
  const lookUp = gatherCalls((devices: readonly number[]) => readEnds(pool, devices), LOOKING);

  return async (ask, nowMs) => {
    const start = startOf(ask, await lookUp(ask.device));
    const moved =
      start.acknowledged > 0 ? await applyAcks(pool, new Map([[ask.device, start.acknowledged]])) : [];
    const rows = start.isEnd
      ? []
      : await readRows(pool, ask.device, start.from, Math.min(ask.limit, SYNC_PAGE_ITEMS));
    const pointers = rows.filter((row) => row.seq !== null);
    const more = rows[0]?.has_more === true;
    const shown = pointers.flatMap((row) => itemFrom(row, nowMs) ?? []);
    const head: SyncPageHead = {
      through: more ? (pointers.at(-1)?.seq ?? start.from) : Math.max(start.from, rows[0]?.head_seq ?? 0),
      more,
      mailbox_epoch: start.mailboxEpoch,
      items: shown.map(({ item }) => item),
    };
    if (ask.receipts_since_ms !== undefined)
      head.receipts = await readReceipts(pool, ask.device, ask.receipts_since_ms);
    return { head, bodies: shown.map(({ body }) => body), moved };
  };
}

type Shown = { item: SyncPageHead['items'][number]; body: Buffer };

/** Undefined for a message that has expired or is gone. */
function itemFrom(row: Row, nowMs: number): Shown | undefined {
  const seq = row.seq ?? 0;
  if (row.dropped !== null) {
    const type = 'history_truncated';
    const body = JSON.stringify({ type, conversation_id: row.conversation, dropped: row.dropped });
    return { item: { type, seq, conv_seq: -row.conv_seq, at: row.dropped_at_ms }, body: Buffer.from(body) };
  }
  if (row.body === null || (row.expires_at !== null && row.expires_at * 1000 <= nowMs)) return undefined;
  const type = downstreamById.get(row.type)?.name as StoredType;
  return { item: { type, seq, conv_seq: row.conv_seq, at: row.server_ts_ms }, body: row.body };
}

/** A mailbox's head, and how far its device has acknowledged it. */
type Ends = { mailbox_epoch: number; head_seq: number | null; acked_seq: number | null };

async function readEnds(pool: Pool, devices: readonly number[]): Promise<Ends[]> {
  const found = await pool.query<Ends>({
    name: 'read-ends',
    text: `SELECT s.mailbox_epoch, q.head_seq, a.acked_seq
             FROM delivery.settings s
            CROSS JOIN unnest($1::bigint[]) WITH ORDINALITY AS k(device_id, place)
             LEFT JOIN LATERAL (SELECT head_seq FROM delivery.device_queue WHERE device_id = k.device_id LIMIT 1) q ON true
             LEFT JOIN LATERAL (SELECT acked_seq FROM delivery.device_acks WHERE device_id = k.device_id LIMIT 1) a ON true
            ORDER BY k.place`,
    values: [devices],
  });
  return found.rows;
}

/** `isEnd`: nothing comes after `from`. */
type Start = { from: number; acknowledged: number; mailboxEpoch: number; isEnd: boolean };

/** A cursor from another mailbox epoch, or beyond the head, says nothing about what the device has. */
function startOf(ask: PageAsk, ends: Ends | undefined): Start {
  const mailboxEpoch = ends?.mailbox_epoch ?? 1;
  const acked = ends?.acked_seq ?? 0;
  const head = ends?.head_seq ?? 0;
  const isOtherEpoch = ask.mailbox_epoch !== undefined && ask.mailbox_epoch !== mailboxEpoch;
  const isUnknown = isOtherEpoch || (ask.ack && ask.from > head);
  const from = isUnknown ? acked : Math.min(ask.from, head);
  const acknowledged = !isUnknown && ask.ack && from > acked ? from : 0;
  return { from, acknowledged, mailboxEpoch, isEnd: from >= head };
}

async function readRows(pool: Pool, device: number, from: number, limit: number): Promise<Row[]> {
  const found = await pool.query<Row>({
    name: 'read-page',
    text: `WITH pointers AS (
             SELECT b.seq, b.conv_seq, m.type, m.server_ts_ms, m.expires_at, m.body,
                    b.dropped, b.dropped_at_ms, c.ext_id AS conversation,
                    row_number() OVER before AS place,
                    coalesce(sum(octet_length(m.body)) OVER (ORDER BY b.seq ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS bytes_before
               FROM (SELECT * FROM delivery.mailbox WHERE device_id = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 1) b
               LEFT JOIN LATERAL (
                 SELECT s.type, s.server_ts_ms, s.expires_at, CASE WHEN b.is_welcome THEN s.welcome ELSE s.body END AS body
                   FROM delivery.messages s
                  WHERE s.day = b.day AND s.conv_id = b.conv_id AND s.conv_seq = b.conv_seq) m ON true
               LEFT JOIN delivery.conversations c ON c.id = CASE WHEN b.dropped IS NOT NULL THEN b.conv_id END
             WINDOW before AS (ORDER BY b.seq)),
           fitting AS (SELECT * FROM pointers WHERE place <= $3 AND bytes_before < $4)
           SELECT coalesce(q.head_seq, 0) AS head_seq, f.*,
                  (SELECT count(*) FROM pointers) > (SELECT count(*) FROM fitting) AS has_more
             FROM (SELECT 1) one
             LEFT JOIN delivery.device_queue q ON q.device_id = $1
             LEFT JOIN fitting f ON true
            ORDER BY f.seq`,
    values: [device, from, limit, SYNC_PAGE_BYTES],
  });
  return found.rows;
}

async function readReceipts(pool: Pool, device: number, sinceMs: number): Promise<SyncPageHead['receipts']> {
  // A minute of overlap: marks carry their statement's time, and a slower transaction commits later.
  const found = await pool.query<NonNullable<SyncPageHead['receipts']>[number]>({
    name: 'read-receipts',
    text: `SELECT c.ext_id AS conversation_id, m.user_name AS user_id,
                  t.delivered_seq AS delivered_through, t.read_seq AS read_through
             FROM delivery.conv_devices d
             JOIN delivery.conversations c ON c.id = d.conv_id
             JOIN delivery.conv_members m ON m.conv_id = d.conv_id AND m.left_seq IS NULL
             JOIN delivery.conv_members own ON own.conv_id = d.conv_id AND own.user_id = d.user_id AND own.left_seq IS NULL
            CROSS JOIN LATERAL (${toldMarks('own.user_name')}) t
            WHERE d.device_id = $1 AND d.left_seq IS NULL
              AND t.marked_at > to_timestamp($2::bigint / 1000.0) - interval '1 minute'
              AND t.delivered_seq > 0
            ORDER BY t.marked_at DESC LIMIT ${MAX_RECEIPTS}`,
    values: [device, sinceMs],
  });
  return found.rows;
}
