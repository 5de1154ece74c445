import type { Logger } from '@securechat/kernel';
import type { WatermarkRecord } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Publisher } from './publisher.ts';
import { type Mark, readMarks, type ToldMark } from './store/watermarks.ts';

/** Marks waiting at most; more are left to the next resume. */
const MAX_WAITING = 50_000;

/** A group hears of its marks at most so often from one process, and of so many at once; the others are in time next time. */
const GROUP_EVERY_MS = 1_000;
const GROUP_MARKS_AT_ONCE = 200;
/** Whom a mark of a group concerns: who has said something in so many places before it. The others can ask. */
const CONCERNED_PLACES = 256;

/** Marks that were read longer ago are read again: this process was held up, and another may have told newer ones. */
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
 * Tells the devices of a conversation how far its members have come. Marks that moved are gathered for a moment and
 * told as they then stand in Postgres: a thousand acknowledgements become one receipt. What one process tells grows; one of two that tell
 * the same marks, as for a page and a batch, may be overtaken by the other, within FRESH_MS, so the greater counts. A receipt
 * that is lost is made good by the next one or by `resume{receipts_since_ms}`, because marks only grow. In a group a mark is told to those who spoke lately, and to the
 * member's own devices where there are several; a thousand members would otherwise tell a thousand members of each message.
 */
export function createReceipts(parts: {
  pool: Pool;
  publisher: Pick<Publisher, 'send'>;
  lingerMs: number;
  logger: Logger;
}): Receipts {
  const { pool, publisher, lingerMs, logger } = parts;
  const waiting = new Map<string, Mark>();
  /** Groups that were told lately. */
  const notBefore = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let telling: Promise<void> | undefined;

  /** Takes out what may be told now. */
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

  /** One after the other: of two at once, the one that has read earlier might tell later. */
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
 * Whom these marks may concern. Each conversation's devices are gone through once, whatever the planner believes: a join
 * with those who moved was a loop within a loop while there were no statistics, and took seconds for a thousand members.
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

/** Without the only devices of members of whom nothing but their own mark is to be told: they have moved it themselves. */
function worthTelling(rows: readonly DeviceRow[]): DeviceRow[] {
  const owner = ({ conv_id, user_id }: DeviceRow) => `${conv_id}:${user_id}`;
  const devicesOf = Map.groupBy(rows, owner);
  return rows.filter((row) => row.is_concerned || (devicesOf.get(owner(row))?.length ?? 0) > 1);
}

/** Everything is for who spoke lately, the own mark for the other devices of a member; nothing for whom the member has blocked. */
function isFor(mark: ToldMark, device: DeviceRow): boolean {
  if (mark.hidden_from.includes(device.user_id)) return false;
  return device.is_concerned || mark.member === device.user_id;
}

const keyOf = (mark: Mark): string => `${mark.conv_id}:${mark.user_id}`;

/** bigint columns arrive as numbers; our own numbers of conversations and users stay inside. */
function toWatermark({
  conv_id: _,
  member: _member,
  hidden_from: _hidden,
  ...mark
}: ToldMark): WatermarkRecord {
  return mark;
}
