import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** Fields that the seed has in an offer, but that only those who can decrypt may know. */
const SECRETS = ['encryption_key', 'filename', 'mime_type', 'checksum'] as const;

/** Reserves room for a file. An offer that tells this server what is in it is refused, like readable chat. */
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
