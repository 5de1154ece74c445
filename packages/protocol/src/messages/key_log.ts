import { defineMessage } from '../define-message.ts';
import { Base64, Count, Id, MessageId, Sha256, Signature, UnixSeconds } from '../ids.ts';
import { KEY_LOG_ENTRIES, KEY_LOG_ENTRY_BYTES, MAX_KEY_LOG_BYTES } from '../limits.ts';
import { type Static, Type } from '../schema/type.ts';

/** The state of the log of device lists at a given size, signed by the service key (`kt-head`). */
export const KeyLogHead = Type.Object({
  size: Count,
  /** RFC 6962, 2.1, over all entries. */
  root: Sha256,
  created_at: UnixSeconds,
  service_key_id: Id,
  signature: Signature,
});
export type KeyLogHead = Static<typeof KeyLogHead>;

/**
 * Up: requests the log from position `from` on. Down: the newest head, and the entries from there, as many as fit and
 * none beyond the head. An entry is what `keyLogEntry` builds.
 */
export const keyLog = defineMessage({
  name: 'key_log',
  id: 0x0107,
  up: Type.Object({ type: Type.Literal('key_log'), id: MessageId, from: Count }),
  maxDownBytes: MAX_KEY_LOG_BYTES,
  down: Type.Object({
    type: Type.Literal('key_log'),
    ref: MessageId,
    head: KeyLogHead,
    entries: Base64(KEY_LOG_ENTRIES * KEY_LOG_ENTRY_BYTES),
  }),
});
