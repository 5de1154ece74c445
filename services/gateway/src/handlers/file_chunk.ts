import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { accepted, askerOf, besideOthers, fileAnswer, refOf, waitForTurn } from './ask-files.ts';

/** Passes a chunk to the files service as soon as the user's limit allows. */
export function fileChunk(
  connection: Connection,
  message: Upstream<'file_chunk'>,
): Promise<void> | undefined {
  const { file_id, chunk_index, total_chunks, encrypted_data } = message;
  const bytes = Buffer.from(encrypted_data, 'base64');
  return besideOthers(connection, message, async () => {
    await waitForTurn(connection, bytes.length);
    const question = { ...askerOf(connection), file_id, chunk_index, total_chunks };
    const asked = connection.context.requests.putChunk(question, bytes);
    const { status } = accepted(await fileAnswer(connection, asked));
    connection.send('file_status', { type: 'file_status', ...refOf(message), ...status });
  });
}
