import type { Downstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** An own file as the server knows it, without its name. Sizes are in bytes of ciphertext. */
export type StoredFile = {
  readonly fileId: string;
  readonly conversationId: string;
  readonly size: number;
  readonly isComplete: boolean;
  /** When the server deletes it: Unix time in ms. */
  readonly expiresAtMs: number;
};

/** A page of own files, ordered by id. While `more`, ask again with the last id as `after`. */
export type StoredFiles = {
  readonly files: readonly StoredFile[];
  readonly more: boolean;
  /** Bytes of complete files, bytes reserved for uploads in progress, and the quota for both. */
  readonly usedBytes: number;
  readonly reservedBytes: number;
  readonly limitBytes: number;
};

export async function storedFiles(
  wire: Pick<Connection, 'request'>,
  after: string | undefined,
): Promise<StoredFiles> {
  const answer = await wire.request('file_status', after === undefined ? {} : { after });
  const { used = 0, reserved = 0, limit = 0 } = answer.storage ?? {};
  return {
    files: (answer.files ?? []).map(storedFile),
    more: answer.more ?? false,
    ...{ usedBytes: used, reservedBytes: reserved, limitBytes: limit },
  };
}

function storedFile(facts: NonNullable<Downstream<'file_status'>['files']>[number]): StoredFile {
  return {
    fileId: facts.file_id,
    conversationId: facts.conversation_id,
    size: facts.file_size,
    isComplete: facts.state === 'complete',
    expiresAtMs: facts.expires_at * 1000,
  };
}
