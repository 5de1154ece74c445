import { defineMessage } from '../define-message.ts';
import { ChunkIndex, fileForm } from '../file-form.ts';
import { ConversationId, Count, FileId, MessageId, Sha256, UnixSeconds } from '../ids.ts';
import { FILE_STATUS_FILES, FILE_STATUS_RANGES } from '../limits.ts';
import { type Static, Type } from '../schema/type.ts';

/**
 * uploading  room is reserved; chunks are accepted. Until it is complete, withdrawn or expired.
 * verifying  all chunks are there; their hash is being computed. Leads to complete, or back to uploading.
 * complete   never changes again; admitted users may download it. Until it is withdrawn or expired.
 * gone       withdrawn, expired, or never there; also any file that this user may not know about.
 */
export const FileState = Type.Union([
  Type.Literal('uploading'),
  Type.Literal('verifying'),
  Type.Literal('complete'),
  Type.Literal('gone'),
]);
export type FileState = Static<typeof FileState>;

const FileFacts = Type.Object({
  file_id: FileId,
  conversation_id: ConversationId,
  ...fileForm,
  state: FileState,
  bytes_received: Count,
  /** Missing chunks, as the first and last of each gap, first gaps first. Only while uploading. */
  missing: Type.Optional(
    Type.Array(Type.Array(ChunkIndex, { minItems: 2, maxItems: 2 }), { maxItems: FILE_STATUS_RANGES }),
  ),
  /** Of all ciphertext. Only when complete. */
  sha256: Type.Optional(Sha256),
  expires_at: UnixSeconds,
});
export type FileFacts = Static<typeof FileFacts>;

/** Usage of this user's quota: complete files, and what is reserved for uploads in progress. Bytes. */
const Storage = Type.Object({ used: Count, reserved: Count, limit: Count });
export type FileStorage = Static<typeof Storage>;

/** Opens the files' HTTP interface to this session until `expires_at`. `url` is its address as clients reach it. */
const Access = Type.Object({
  token: Type.String({ pattern: '^[A-Za-z0-9_-]{1,256}[.][A-Za-z0-9_-]{1,64}$' }),
  expires_at: UnixSeconds,
  url: Type.Optional(Type.String({ maxLength: 256 })),
});
export type FileAccess = Static<typeof Access>;

/**
 * Up: asks about a file, or without `file_id` for the files that count for this user, in id order after `after`.
 * Down: the answer to that and to every other message about a file. `chunk_index`: this chunk is stored.
 */
export const fileStatus = defineMessage({
  name: 'file_status',
  id: 0x0508,
  up: Type.Object({
    type: Type.Literal('file_status'),
    id: Type.Optional(MessageId),
    file_id: Type.Optional(FileId),
    after: Type.Optional(FileId),
  }),
  down: Type.Object({
    type: Type.Literal('file_status'),
    ref: Type.Optional(MessageId),
    file_id: Type.Optional(FileId),
    chunk_index: Type.Optional(ChunkIndex),
    state: Type.Optional(FileState),
    files: Type.Optional(Type.Array(FileFacts, { maxItems: FILE_STATUS_FILES })),
    more: Type.Optional(Type.Boolean()),
    storage: Type.Optional(Storage),
    access: Type.Optional(Access),
  }),
});
