import { type Clock, PoisonError, parseQuestion, type StreamRequest } from '@securechat/kernel';
import { type Ask, type Packed, packEntry } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Receipts } from '../receipts.ts';
import { addBlock, listBlocks, removeBlock } from '../store/blocks.ts';
import { readGroupInfo } from '../store/group-info.ts';
import { receiptPrivacy } from '../store/receipt-privacy.ts';
import type { Pages } from './page.ts';

/**
 * Answers a gateway's question with a packed entry: its first record's body is the JSON head, the following bodies
 * are the items of a page, byte for byte as their senders sent them.
 */
export async function answerSync(
  parts: { pool: Pool; pages: Pages; receipts: Receipts; clock: Clock },
  request: Pick<StreamRequest, 'body'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const ask = parseQuestion<Ask<'delivery'>>(request);
  switch (ask.kind) {
    case 'page': {
      const page = await parts.pages(ask, parts.clock.now());
      parts.receipts.add(page.moved);
      return packAnswer(page.head, page.bodies);
    }
    case 'heads':
      return packAnswer({ heads: await readHeads(parts.pool, ask.devices) }, []);
    case 'block':
      return packAnswer({ is_blocked: await addBlock(parts.pool, ask.user, ask.name) }, []);
    case 'unblock':
      await removeBlock(parts.pool, ask.user, ask.name);
      return packAnswer({}, []);
    case 'receipt_privacy':
      return packAnswer({ share: await receiptPrivacy(parts.pool, ask.user, ask.share) }, []);
    case 'group_info':
      return packAnswer({ info: await readGroupInfo(parts.pool, ask) }, []);
    case 'block_list':
      return packAnswer(await listBlocks(parts.pool, ask), []);
    default:
      // a kind without a case does not compile
      ask satisfies never;
      throw new PoisonError('a question of unknown kind');
  }
}

async function readHeads(pool: Pool, devices: number[]): Promise<[number, number][]> {
  const found = await pool.query<{ device_id: number; head_seq: number }>({
    name: 'read-heads',
    text: 'SELECT device_id, head_seq FROM delivery.device_queue WHERE device_id = ANY($1)',
    values: [devices],
  });
  return found.rows.map((row) => [row.device_id, row.head_seq]);
}

function packAnswer(head: object, bodies: Buffer[]): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(head));
  return packEntry([{ head: {}, body: json }, ...bodies.map((body): Packed<object> => ({ head: {}, body }))]);
}
