import { defineMessage } from '../define-message.ts';
import { ConversationId, UnixSeconds, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('typing'),
  chat_id: ConversationId,
  typing: Type.Boolean(),
  /** Then it is over without a word; at most `MAX_TYPING_SECONDS` from when the server has it. */
  expires_at: UnixSeconds,
};

/** Somebody writes, or has stopped. Never stored and never pushed; whoever is not there does not learn of it. */
export const typing = defineMessage({
  name: 'typing',
  id: 0x0204,
  up: Type.Object(fields),
  down: Type.Object({ ...fields, user_id: UserId }),
});
