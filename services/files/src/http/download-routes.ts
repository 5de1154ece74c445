import { Readable } from 'node:stream';
import { ProtocolError } from '@securechat/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type FileRow, sizeOf } from '../store/file-row.ts';
import { afterOf, authenticate, chunkIndexOf, type FileHttpParts, fileIdOf, waitForTurn } from './parts.ts';
import { type ByteRange, parseRange } from './range.ts';

/** Routes for users admitted to a file. Each request is authorised separately. */
export function addDownloadRoutes(app: FastifyInstance, parts: FileHttpParts): void {
  const { reader, handlers, metrics } = parts;

  app.get('/v1/files', async (request) => {
    const bearer = await authenticate(request, parts);
    return await handlers.status({ kind: 'status', ...bearer, after: afterOf(request) });
  });

  app.get('/v1/files/:id/status', async (request) => {
    const bearer = await authenticate(request, parts);
    return await handlers.status({ kind: 'status', ...bearer, file_id: fileIdOf(request) });
  });

  app.get('/v1/files/:id/chunks/:n', async (request, reply) => {
    const { user } = await authenticate(request, parts);
    const file = await reader.open(user, fileIdOf(request));
    const chunk = await reader.read(file, chunkIndexOf(request));
    await waitForTurn(parts, user, chunk.length, reply);
    metrics.carried('read', 'http', chunk.length);
    await reply.type('application/octet-stream').header('cache-control', 'private').send(chunk);
  });

  app.head('/v1/files/:id', async (request, reply) => {
    const { user } = await authenticate(request, parts);
    const file = await reader.open(user, fileIdOf(request));
    await reply.header('content-length', lengthOf(rangeOf(request, file, reply))).send();
  });

  app.get('/v1/files/:id', async (request, reply) => {
    const { user } = await authenticate(request, parts);
    const file = await reader.open(user, fileIdOf(request));
    const range = rangeOf(request, file, reply);
    const pieces = piecesOf(parts, user, file, range, reply);
    return await reply
      .header('content-length', lengthOf(range))
      .send(Readable.from(pieces, { objectMode: false, highWaterMark: file.chunk_size }));
  });
}

const lengthOf = ({ first, last }: ByteRange): number => last - first + 1;

/** Sets status and headers. Ciphertext never changes, so its hash is the perfect ETag. */
function rangeOf(request: FastifyRequest, file: FileRow, reply: FastifyReply): ByteRange {
  const size = sizeOf(file);
  const etag = `"${file.sha256?.toString('hex')}"`;
  reply
    .type('application/octet-stream')
    .headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private' });
  const isOther = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
  const range = parseRange(isOther ? undefined : request.headers.range, size);
  if (range === 'none') {
    reply.code(416).header('content-range', `bytes */${size}`);
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: 'range' });
  }
  if (range === 'all') return { first: 0, last: size - 1 };
  reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${size}`);
  return range;
}

/** Sends chunk by chunk, each only when both the user's limit and the socket have room. */
async function* piecesOf(
  parts: FileHttpParts,
  user: number,
  file: FileRow,
  { first, last }: ByteRange,
  reply: FastifyReply,
): AsyncGenerator<Buffer> {
  const { chunk_size: whole } = file;
  for (let index = Math.floor(first / whole); index * whole <= last; index++) {
    const chunk = await parts.reader.read(file, index);
    const from = Math.max(0, first - index * whole);
    const piece = chunk.subarray(from, Math.min(chunk.length, last + 1 - index * whole));
    await waitForTurn(parts, user, piece.length, reply);
    parts.metrics.carried('read', 'http', piece.length);
    yield piece;
  }
}
