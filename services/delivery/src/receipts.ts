import type { Logger } from '@securechat/kernel';
import type { WatermarkRecord } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Publisher } from './publisher.ts';
import { type Mark, readMarks, type ToldMark } from './store/watermarks.ts';

/** Marks queued at most; further ones are left to the next resume. */
const MAX_WAITING = 50_000;

/** Minimum interval between one process's receipts to a group, and marks per receipt; the rest go out next time. */
const GROUP_EVERY_MS = 1_000;
const GROUP_MARKS_AT_ONCE = 200;
/** A group mark goes to devices that sent something within this many places before it. Others can ask. */
const CONCERNED_PLACES = 256;

/** Marks read longer ago are read again: this process was stalled, and another may have sent newer ones. */
const FRESH_MS = 1_000;

type DeviceRow = {
  conv_id: number;
  device_id: number;
  user_id: number;
  is_group: boolean;
  is_concerned: boolean;
};

export type Receipts = {
  add(marks: readonly Mark[]): void;
  stop(): Promise<void>;
};

/**
 * Tells a conversation's devices how far its members have come. Marks that moved are collected briefly and sent as
 * they then stand in Postgres, so a thousand acks become one receipt. Marks from one process only grow; between two
 * that send the same marks, as for a page and a batch, one may overtake the other within FRESH_MS, so clients keep
 * the greater. A lost receipt is made good by the next one or by `resume{receipts_since_ms}`, because marks only
 * grow. In a group a mark goes to recent senders, and to the member's other devices; otherwise a thousand members
 * would tell a thousand members about each message.
 */
export function createReceipts(parts: {
  pool: Pool;
  publisher: Pick<Publisher, 'send'>;
  lingerMs: number;
  logger: Logger;
}): Receipts {
  const { pool, publisher, lingerMs, logger } = parts;
  const waiting = new Map<string, Mark>();
  /** Groups that were sent a receipt recently. */
  const notBefore = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let telling: Promise<void> | undefined;

  /** Removes and returns the marks that may be sent now. */
  function take(isLast: boolean): Mark[] {
    const nowMs = performance.now();
    for (const [conversation, atMs] of notBefore) if (atMs <= nowMs) notBefore.delete(conversation);
    const taken: Mark[] = [];
    for (const [conversation, marks] of Map.groupBy(waiting.values(), (mark) => mark.conv_id)) {
      if (isLast || !notBefore.has(conversation)) taken.push(...marks.slice(0, GROUP_MARKS_AT_ONCE));
    }
    for (const mark of taken) waiting.delete(keyOf(mark));
    return taken;
  }

  async function flush(isLast: boolean): Promise<void> {
    const moved = take(isLast);
    if (moved.length === 0) return;
    const readAtMs = performance.now();
    const marks = await readMarks(pool, moved);
    const devices = worthTelling(await devicesToTell(pool, moved, marks));
    for (const row of devices)
      if (row.is_group) notBefore.set(row.conv_id, performance.now() + GROUP_EVERY_MS);
    const marksByConversation = Map.groupBy(marks, (mark) => mark.conv_id);
    const marksByDevice = new Map<number, WatermarkRecord[]>();
    for (const row of devices) {
      const known = marksByDevice.get(row.device_id) ?? [];
      const told = marksByConversation.get(row.conv_id) ?? [];
      known.push(...told.filter((mark) => isFor(mark, row)).map(toWatermark));
      marksByDevice.set(row.device_id, known);
    }
    publisher.send(
      devices.map((row) => row.user_id),
      ({ device }) => {
        const found = marksByDevice.get(device);
        if (!found || found.length === 0) return undefined;
        if (performance.now() - readAtMs < FRESH_MS) return { kind: 'receipts', to: [device], marks: found };
        add(moved);
        return undefined;
      },
    );
  }

  /** One at a time: of two concurrent flushes, the one that read earlier might send later. */
  function flushLater(): void {
    if (telling !== undefined || isOver) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      telling = flushSafely();
    }, lingerMs);
  }

  async function flushSafely(isLast = false): Promise<void> {
    await flush(isLast).catch((err: unknown) =>
      logger.warn({ err }, 'receipts not sent; clients learn them at resume'),
    );
    telling = undefined;
    if (waiting.size > 0) flushLater();
  }

  function add(marks: readonly Mark[]): void {
    for (const mark of marks) {
      const key = keyOf(mark);
      if (waiting.size < MAX_WAITING || waiting.has(key)) waiting.set(key, mark);
    }
    if (waiting.size > 0) flushLater();
  }

  return {
    add,
    async stop() {
      isOver = true;
      clearTimeout(timer);
      await telling;
      if (waiting.size > 0) await flushSafely(true);
    },
  };
}

/**
 * Devices that these marks may concern. LATERAL with OFFSET 0 scans each conversation's devices once, whatever the
 * planner estimates: without statistics a join with the members who moved became a nested loop that took seconds for
 * a thousand members.
 */
async function devicesToTell(
  pool: Pool,
  moved: readonly Mark[],
  marks: readonly ToldMark[],
): Promise<DeviceRow[]> {
  const lowest = new Map<number, number>();
  for (const { conv_id, delivered_through } of moved)
    lowest.set(conv_id, Math.min(delivered_through, lowest.get(conv_id) ?? delivered_through));
  const found = await pool.query<DeviceRow>({
    name: 'devices-to-tell',
    text: `SELECT t.conv_id, d.device_id, d.user_id, c.kind = 'group' AS is_group,
                  c.kind <> 'group' OR d.last_sent_seq > greatest(t.behind, 0) AS is_concerned
             FROM unnest($1::bigint[], $2::bigint[]) AS t(conv_id, behind)
             JOIN delivery.conversations c ON c.id = t.conv_id
             CROSS JOIN LATERAL (
                   SELECT device_id, user_id, last_sent_seq FROM delivery.conv_devices
                    WHERE conv_id = t.conv_id AND left_seq IS NULL
                      AND (c.kind <> 'group' OR last_sent_seq > greatest(t.behind, 0) OR user_id = ANY($3::bigint[]))
                   OFFSET 0) d`,
    values: [
      [...lowest.keys()],
      [...lowest.values()].map((delivered) => delivered - CONCERNED_PLACES),
      marks.map((mark) => mark.member),
    ],
  });
  return found.rows;
}

/** Drops a member's only device when it would get nothing but the member's own mark: that device moved the mark itself. */
function worthTelling(rows: readonly DeviceRow[]): DeviceRow[] {
  const owner = ({ conv_id, user_id }: DeviceRow) => `${conv_id}:${user_id}`;
  const devicesOf = Map.groupBy(rows, owner);
  return rows.filter((row) => row.is_concerned || (devicesOf.get(owner(row))?.length ?? 0) > 1);
}

/**
 * Recent senders get every mark, a member's other devices the member's own; nobody gets marks of a member who blocked
 * them.
 */
function isFor(mark: ToldMark, device: DeviceRow): boolean {
  if (mark.hidden_from.includes(device.user_id)) return false;
  return device.is_concerned || mark.member === device.user_id;
}

const keyOf = (mark: Mark): string => `${mark.conv_id}:${mark.user_id}`;

/** bigint columns arrive as numbers; internal conversation and user numbers are not sent. */
function toWatermark({
  conv_id: _,
  member: _member,
  hidden_from: _hidden,
  ...mark
}: ToldMark): WatermarkRecord {
  return mark;
}
