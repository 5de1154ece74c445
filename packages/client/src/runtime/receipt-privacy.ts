import type { Core } from '../conversations/core.ts';
import { fromBytes, toBytes } from '../storage/json.ts';

/** What this device has said last. */
const KEY = 'receipt-privacy';

/**
 * Tells the server what this device was opened with, if that is another choice than its last one: it holds for all devices, and an
 * old choice of one must not undo a new one of another. Resolves with how it stands at the server.
 */
export async function settleReceiptPrivacy({ store, settings, connection }: Core): Promise<boolean> {
  const { readReceipts: chosen } = settings;
  const said = await store.get(KEY);
  const isNew = chosen !== undefined && (!said || fromBytes<boolean>(said) !== chosen);
  const { share_read } = await connection.request('receipt_privacy', isNew ? { share_read: chosen } : {});
  if (isNew) await store.write([{ put: KEY, value: toBytes(chosen) }]);
  return share_read;
}
