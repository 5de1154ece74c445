import { defineMessage } from '../define-message.ts';
import { Count, UnixMs } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Starts delivery on a connection. `cursor` is the last mailbox sequence this device has stored (0: nothing) and
 * counts as an ack of it. Answered with `sync_page`s until the mailbox is drained; then pushes begin.
 */
export const resume = defineMessage({
  name: 'resume',
  id: 0x0304,
  up: Type.Object({
    type: Type.Literal('resume'),
    cursor: Count,
    /** From the last `sync_page`; a cursor of another epoch does not count as an ack. */
    mailbox_epoch: Type.Optional(Count),
    /** Also send the watermarks that changed since then. */
    receipts_since_ms: Type.Optional(UnixMs),
  }),
});
