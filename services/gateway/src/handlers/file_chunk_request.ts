import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { accepted, askerOf, besideOthers, fileAnswer, refOf, waitForTurn } from './ask-files.ts';

/** Fetches a chunk from the files service, and sends it as soon as the user's limit allows. */
export function fileChunkRequest(
  connection: Connection,
  message: Upstream<'file_chunk_request'>,
): Promise<void> | undefined {
  const { file_id, chunk_index } = message;
  return besideOthers(connection, message, async () => {
    const asked = connection.context.requests.getChunk({ ...askerOf(connection), file_id, chunk_index });
    const { answer, bytes } = await fileAnswer(connection, asked);
    const { total_chunks } = accepted(answer);
    await waitForTurn(connection, bytes.length);
    const encrypted_data = Buffer.from(bytes).toString('base64');
    const chunk = { file_id, chunk_index, total_chunks, encrypted_data };
    connection.send('file_chunk', { type: 'file_chunk', ...refOf(message), ...chunk });
  });
}
