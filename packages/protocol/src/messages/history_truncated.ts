import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { ConversationId, Sequence } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Replaces messages in a mailbox that this device will not get: too much waited for it, most of it from this
 * conversation. `delivery.conv_seq` is the last of them. Everything after this entry is complete again.
 */
export const historyTruncated = defineMessage({
  name: 'history_truncated',
  id: 0x030a,
  down: Type.Object({
    type: Type.Literal('history_truncated'),
    conversation_id: ConversationId,
    dropped: Sequence,
    delivery: DeliveryStamp,
  }),
});
