import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** What the seed shows in an offer and only those may know who can decrypt. */
const SECRETS = ['encryption_key', 'filename', 'mime_type', 'checksum'] as const;

/** Asks for room for a file. An offer that tells this server what is in it is refused, as readable chat is. */
export function fileOffer(
  connection: Connection,
  message: Upstream<'file_offer'>,
): Promise<void> | undefined {
  const told = SECRETS.find((field) => message[field] !== undefined);
  if (told !== undefined) {
    const reference_id = message.id ?? message.file_id;
    const detail = { path: `/${told}: belongs into the encrypted message`, reference_id };
    throw new ProtocolError('ENCRYPTION_ERROR', detail);
  }
  const { file_id, conversation_id, file_size, chunk_size, total_chunks } = message;
  const question = { file_id, conversation_id, file_size, chunk_size, total_chunks };
  return askFiles(connection, message, 'offer', question);
}
