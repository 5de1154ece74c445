import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Whether the server may note how far this user has read; it holds for all devices and conversations. Up: sets it, or asks
 * when `share_read` is not there. Down: how it stands.
 */
export const receiptPrivacy = defineMessage({
  name: 'receipt_privacy',
  id: 0x030b,
  up: Type.Object({
    type: Type.Literal('receipt_privacy'),
    id: MessageId,
    share_read: Type.Optional(Type.Boolean()),
  }),
  down: Type.Object({ type: Type.Literal('receipt_privacy'), ref: MessageId, share_read: Type.Boolean() }),
});
