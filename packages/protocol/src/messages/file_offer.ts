import { defineMessage } from '../define-message.ts';
import { fileForm } from '../file-form.ts';
import { ConversationId, FileId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** The seed shows these in the clear; they belong into the encrypted message, and a server that is sent them refuses. */
const Secret = Type.Optional(Type.String({ maxLength: 1024 }));

/**
 * Up: reserves room for a file and admits the members that the conversation has at this moment. The server learns
 * sizes and nothing of the content. Answered with `file_status`; the same offer again gets the same answer.
 * Down: a member has offered a file.
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
