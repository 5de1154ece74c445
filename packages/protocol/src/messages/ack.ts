import { defineMessage } from '../define-message.ts';
import { ConversationId, MessageId, Sequence, UnixMs } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Down: the message `ref` is on stable storage with its final position in the conversation. Up: this device has
 * stored everything up to mailbox sequence `through`; the server may forget it.
 */
export const ack = defineMessage({
  name: 'ack',
  id: 0x0302,
  up: Type.Object({ type: Type.Literal('ack'), through: Sequence }),
  down: Type.Object({
    type: Type.Literal('ack'),
    ref: MessageId,
    status: Type.Literal('stored'),
    conversation_id: ConversationId,
    conv_seq: Sequence,
    server_ts_ms: UnixMs,
    /** True when the message had been stored before: a retry, answered again with the first answer. */
    dup: Type.Optional(Type.Literal(true)),
  }),
});
