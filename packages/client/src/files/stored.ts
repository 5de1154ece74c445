import type { Downstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** A file of one's own at the server, as the server knows it: without its name. Sizes are bytes of ciphertext. */
export type StoredFile = {
  readonly fileId: string;
  readonly conversationId: string;
  readonly size: number;
  readonly isComplete: boolean;
  /** When the server removes it by itself, in milliseconds since 1970. */
  readonly expiresAtMs: number;
};

/** What counts for this user, in the order of the files' ids. Ask on behind the last one while there is `more`. */
export type StoredFiles = {
  readonly files: readonly StoredFile[];
  readonly more: boolean;
  /** Complete files, what is reserved for those on their way, and how much both may be. */
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
