import type { FileFacts } from '@securechat/protocol';

/** A row of files.files. `max…` is from the offer; `size` and `sha256` are verified. */
export type FileRow = {
  id: number;
  ext_id: string;
  owner_id: number;
  conversation: string;
  max_size: number;
  chunk_size: number;
  max_chunks: number;
  state: 'uploading' | 'verifying' | 'complete' | 'removing';
  received: number;
  size: number | null;
  sha256: Buffer | null;
  expires_at: Date;
};

export const FILE_COLUMNS =
  'f.id, f.ext_id, f.owner_id, f.conversation, f.max_size, f.chunk_size, f.max_chunks, f.state, f.received, f.size, f.sha256, f.expires_at';

/** Bytes of ciphertext: verified, or reserved. */
export const sizeOf = (file: FileRow): number =>
  file.state === 'complete' ? (file.size ?? file.max_size) : file.max_size;

/** Chunks that it has, or may have. */
export const chunksOf = (file: FileRow): number => Math.ceil(sizeOf(file) / file.chunk_size);

/** What its owner and admitted users may know. */
export function factsOf(file: FileRow, missing?: number[][]): FileFacts {
  return {
    file_id: file.ext_id,
    conversation_id: file.conversation,
    file_size: sizeOf(file),
    chunk_size: file.chunk_size,
    total_chunks: chunksOf(file),
    state: file.state === 'removing' ? 'gone' : file.state,
    bytes_received: file.received,
    ...(missing ? { missing } : {}),
    ...(file.state === 'complete' && file.sha256 ? { sha256: file.sha256.toString('base64') } : {}),
    expires_at: Math.floor(file.expires_at.getTime() / 1000),
  };
}
