import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';

/** How much of the mailbox has taken effect here. */
export type Cursor = {
  readonly seq: number;
  /** Epoch of the server's mailboxes; undefined before the first page. */
  readonly epoch: number | undefined;
  /** The server's time at the newest item, in ms: receipts since then may have been missed. */
  readonly seenMs: number;
};

const KEY = 'inbox/cursor';

export function putCursor(cursor: Cursor): Change {
  return { put: KEY, value: toBytes(cursor) };
}

export async function readCursor(store: Store): Promise<Cursor> {
  const bytes = await store.get(KEY);
  return bytes ? fromBytes<Cursor>(bytes) : { seq: 0, epoch: undefined, seenMs: 0 };
}
