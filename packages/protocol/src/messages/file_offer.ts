import { defineMessage } from '../define-message.ts';
import { fileForm } from '../file-form.ts';
import { ConversationId, FileId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * The seed has these in the clear; they belong in the encrypted message, and a server refuses an offer that contains
 * them.
 */
const Secret = Type.Optional(Type.String({ maxLength: 1024 }));

/**
 * Up: reserves room for a file and admits the conversation's current members. The server learns sizes and nothing
 * about the content. Answered with `file_status`; repeating the same offer gets the same answer. Down: a member has
 * offered a file.
 */
export const fileOffer = defineMessage({
  name: 'file_offer',
  id: 0x0501,
  up: Type.Object({
    type: Type.Literal('file_offer'),
    id: Type.Optional(MessageId),
    file_id: FileId,
    conversation_id: ConversationId,
    ...fileForm,
    filename: Secret,
    mime_type: Secret,
    checksum: Secret,
    encryption_key: Secret,
  }),
  down: Type.Object({
    type: Type.Literal('file_offer'),
    file_id: FileId,
    conversation_id: ConversationId,
    user_id: UserId,
    ...fileForm,
  }),
});
