import { defineMessage } from '../define-message.ts';
import { ConversationId, Count, Sequence, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Both marks only grow. `delivered_through` is what at least one device of the user has stored. */
export const Watermarks = Type.Object({
  conversation_id: ConversationId,
  user_id: UserId,
  delivered_through: Count,
  read_through: Count,
});

/**
 * Up: the user has read this conversation up to `read_through`. Down: how far a member has come; also the user's own
 * other devices.
 */
export const receipt = defineMessage({
  name: 'receipt',
  id: 0x0303,
  up: Type.Object({ type: Type.Literal('receipt'), conversation_id: ConversationId, read_through: Sequence }),
  down: Type.Object({ type: Type.Literal('receipt'), ...Watermarks.properties }),
});
