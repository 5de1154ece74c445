import type { Logger } from '@securechat/kernel';
import type { WatermarkRecord } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Publisher } from './publisher.ts';
import { type Mark, readMarks } from './store/watermarks.ts';

/** Conversations waiting at most; with more, the oldest marks are left to the next resume. */
const MAX_WAITING = 50_000;

/** Marks that were read longer ago are read again: this process was held up, and another may have told newer ones. */
const FRESH_MS = 1_000;

export type Receipts = {
  add(marks: readonly Mark[]): void;
  stop(): Promise<void>;
};

/**
 * Tells the devices of a conversation how far its members have come. Marks that moved are gathered for a moment and
 * told as they then stand in Postgres: a thousand acknowledgements become one receipt, and marks never seem to fall
 * although pages and batches of several processes tell them. A receipt that is lost is made good by the next one or
 * by `resume{receipts_since_ms}`, because marks only grow.
 */
export function createReceipts(parts: {
  pool: Pool;
  publisher: Publisher;
  lingerMs: number;
  logger: Logger;
}): Receipts {
  const { pool, publisher, lingerMs, logger } = parts;
  let waiting = new Map<string, Mark>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    timer = undefined;
    const moved = [...waiting.values()];
    waiting = new Map();
    const conversations = [...new Set(moved.map((mark) => mark.conv_id))];
    const readAtMs = performance.now();
    const [marks, devices] = await Promise.all([
      readMarks(pool, moved),
      pool.query<{ conv_id: number; device_id: number; user_id: number }>(
        'SELECT conv_id, device_id, user_id FROM delivery.conv_devices WHERE conv_id = ANY($1) AND left_seq IS NULL',
        [conversations],
      ),
    ]);
    const marksByConversation = Map.groupBy(marks, (mark) => mark.conv_id);
    const marksByDevice = new Map<number, WatermarkRecord[]>();
    for (const row of devices.rows) {
      const known = marksByDevice.get(row.device_id) ?? [];
      known.push(...(marksByConversation.get(row.conv_id) ?? []).map(toWatermark));
      marksByDevice.set(row.device_id, known);
    }
    publisher.send(
      devices.rows.map((row) => row.user_id),
      ({ device }) => {
        const found = marksByDevice.get(device);
        if (!found) return undefined;
        if (performance.now() - readAtMs < FRESH_MS) return { kind: 'receipts', to: [device], marks: found };
        add(moved);
        return undefined;
      },
    );
  }

  function flushLater(): void {
    timer ??= setTimeout(() => {
      flush().catch((err: unknown) =>
        logger.warn({ err }, 'receipts not sent; clients learn them at resume'),
      );
    }, lingerMs);
  }

  function add(marks: readonly Mark[]): void {
    for (const mark of marks) {
      const key = `${mark.conv_id}:${mark.user_id}`;
      if (waiting.size < MAX_WAITING || waiting.has(key)) waiting.set(key, mark);
    }
    if (waiting.size > 0) flushLater();
  }

  return {
    add,
    async stop() {
      clearTimeout(timer);
      if (waiting.size > 0) await flush();
    },
  };
}

/** bigint columns arrive as numbers; the row's own number of the conversation stays inside. */
function toWatermark({ conv_id: _, ...mark }: Mark): WatermarkRecord {
  return mark;
}
