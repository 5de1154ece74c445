import { ProtocolError } from '@securechat/protocol';

/** Each chunk costs a row and a database round trip: smaller chunks would make a file expensive. */
const LEAST_CHUNK_BYTES = 4096;

/** The two sizes determine the number of chunks. Throws a ProtocolError. */
export function checkForm(form: { file_size: number; chunk_size: number; total_chunks: number }): void {
  const { file_size, chunk_size, total_chunks } = form;
  if (total_chunks !== Math.ceil(file_size / chunk_size))
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/total_chunks' });
  if (chunk_size < LEAST_CHUNK_BYTES && total_chunks > 1)
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/chunk_size' });
}
