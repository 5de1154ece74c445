import { concat, decodeBase64, encodeBase64, isBase64 } from '@securechat/protocol';
import { gzip } from '../content/gzip.ts';
import type { OwnNews } from '../content/types.ts';
import { forgetAbsent } from '../conversations/contents/absent.ts';
import type { Core } from '../conversations/core.ts';
import { newId } from '../conversations/ids.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import { HistoryNotReadable } from './errors.ts';
import { exportAll } from './export.ts';
import { importAll } from './import.ts';

type Piece = Extract<OwnNews, { tell: 'history' }>;

/** In base64 it fits into the largest size class. */
const PIECE_BYTES = 21_000;
/** A longer history is better moved as a file: the number of messages is limited. */
const MAX_PIECES = 500;

/** Repetitive lines compress to a tenth or less; no honest history inflates beyond this. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/** A device sends one transfer at a time; one that sends several at once is broken. */
const MAX_TRANSFERS = 2;
/** Since the newest piece. The others follow it in the mailbox, and a device is seldom away longer than this in between. */
const TRANSFER_MS = 7 * 24 * 3_600_000;

/** When each transfer's newest piece arrived. */
const BEGUN = 'transfer-begun/';
const prefixOf = (transfer: string): string => `transfer/${transfer}/`;
const keyOf = (transfer: string, index: number): string =>
  prefixOf(transfer) + String(index).padStart(4, '0');

/** The history for a new device, gzipped, as messages to the own devices; empty when it is too large. */
export async function transferOf(core: Core): Promise<Piece[]> {
  const zipped = await gzip(await exportAll(core));
  const transfer = newId('t_');
  const count = Math.min(Math.ceil(zipped.length / PIECE_BYTES), MAX_PIECES);
  if (zipped.length > count * PIECE_BYTES) return [];
  return Array.from({ length: count }, (_, index) => ({
    ...{ tell: 'history', transfer, index, left: count - 1 - index },
    piece: encodeBase64(zipped.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)),
  }));
}

/**
 * Stores a piece; with the last one the history is imported. Repeating it has no further effect. An invalid history raises an alarm and
 * is discarded: a device sending nonsense must not stop this one.
 */
export async function takePiece(core: Core, piece: Piece): Promise<void> {
  const { transfer } = piece;
  try {
    if (!(await keep(core, piece))) return;
    const pieces = await core.store.list(prefixOf(transfer));
    await importAll(core, await inflated(concat(...pieces.map(([, bytes]) => bytes))));
    await forgetAbsent(core.store);
  } catch (error) {
    if (!(error instanceof HistoryNotReadable)) throw error;
    const detail = `the history that an own device has sent cannot be read: ${error.message}`;
    core.tell.alarm({ type: 'unreadable-history', userId: core.own.userId, detail });
  }
  await drop(core, transfer);
}

/** Deletes transfers that have stopped arriving. */
export async function sweepTransfers(core: Core): Promise<void> {
  for (const { transfer, newestMs } of await begun(core))
    if (core.now() - newestMs > TRANSFER_MS) await drop(core, transfer);
}

/** Oldest first. */
async function begun({ store }: Core): Promise<{ transfer: string; newestMs: number }[]> {
  const all = (await store.list(BEGUN)).map(([key, bytes]) => ({
    transfer: key.slice(BEGUN.length),
    newestMs: fromBytes<number>(bytes),
  }));
  return all.sort((a, b) => a.newestMs - b.newestMs);
}

async function drop({ store }: Core, transfer: string): Promise<void> {
  const kept = await store.list(prefixOf(transfer));
  await store.write([...kept.map(([key]) => ({ delete: key })), { delete: BEGUN + transfer }]);
}

/** Returns whether all pieces are here. */
async function keep(core: Core, { transfer, index, left, piece }: Piece): Promise<boolean> {
  const count = index + left + 1;
  if (count > MAX_PIECES) throw new HistoryNotReadable(`it has more than ${MAX_PIECES} pieces`);
  const value = isBase64(piece) ? decodeBase64(piece) : undefined;
  if (!value || value.length > PIECE_BYTES) throw new HistoryNotReadable('a piece of it is none');
  const others = (await begun(core)).filter((each) => each.transfer !== transfer);
  for (const each of others.slice(0, others.length - MAX_TRANSFERS + 1)) await drop(core, each.transfer);
  await core.store.write([
    { put: keyOf(transfer, index), value },
    { put: BEGUN + transfer, value: toBytes(core.now()) },
  ]);
  return (await core.store.list(prefixOf(transfer))).length >= count;
}

/** Stops reading at the limit, so the excess is never held in memory. */
async function inflated(zipped: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = new Blob([zipped]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > MAX_INFLATED_BYTES) break;
      parts.push(next.value);
    }
  } catch (cause) {
    throw new HistoryNotReadable('it is no gzip', { cause });
  }
  if (length <= MAX_INFLATED_BYTES) return concat(...parts);
  await reader.cancel();
  throw new HistoryNotReadable(`more than ${MAX_INFLATED_BYTES} bytes when inflated`);
}
