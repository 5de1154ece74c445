import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Whether the server may record how far this user has read; applies to all devices and conversations. Up: sets it, or
 * asks when `share_read` is absent. Down: the current setting.
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
