import type { Core } from '../conversations/core.ts';
import { fromBytes, toBytes } from '../storage/json.ts';

/** This device's last choice. */
const KEY = 'receipt-privacy';

/**
 * Sends the choice this device was opened with, if it differs from its last one: the setting holds for all devices, and one device's old
 * choice must not undo another's new one. Resolves with the server's current setting.
 */
export async function settleReceiptPrivacy({ store, settings, connection }: Core): Promise<boolean> {
  const { readReceipts: chosen } = settings;
  const said = await store.get(KEY);
  const isNew = chosen !== undefined && (!said || fromBytes<boolean>(said) !== chosen);
  const { share_read } = await connection.request('receipt_privacy', isNew ? { share_read: chosen } : {});
  if (isNew) await store.write([{ put: KEY, value: toBytes(chosen) }]);
  return share_read;
}
