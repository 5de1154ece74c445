import { defineMessage } from '../define-message.ts';
import { ChunkIndex } from '../file-form.ts';
import { FileId, MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Requests one chunk of a complete file; answered with `file_chunk`. */
export const fileChunkRequest = defineMessage({
  name: 'file_chunk_request',
  id: 0x0506,
  up: Type.Object({
    type: Type.Literal('file_chunk_request'),
    id: Type.Optional(MessageId),
    file_id: FileId,
    chunk_index: ChunkIndex,
  }),
});
