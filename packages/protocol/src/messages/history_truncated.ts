import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { ConversationId, Sequence } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Stands in a mailbox for messages that this device does not get: too much waited for it, most of it of this
 * conversation. `delivery.conv_seq` is the last of them. What comes after this entry is whole again.
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
