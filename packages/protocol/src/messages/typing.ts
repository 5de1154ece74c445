import { defineMessage } from '../define-message.ts';
import { ConversationId, UnixSeconds, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('typing'),
  chat_id: ConversationId,
  typing: Type.Boolean(),
  /** When it expires without a further message; at most `MAX_TYPING_SECONDS` after the server receives it. */
  expires_at: UnixSeconds,
};

/** The user is typing, or has stopped. Never stored and never pushed; offline users do not learn of it. */
export const typing = defineMessage({
  name: 'typing',
  id: 0x0204,
  up: Type.Object(fields),
  down: Type.Object({ ...fields, user_id: UserId }),
});
