import {
  isBase64,
  MAX_FILE_BYTES,
  MAX_FILE_CHUNK_BYTES,
  ProtocolError,
  parseJsonObject,
} from '@securechat/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authenticate, chunkIndexOf, type FileHttpParts, fileIdOf, waitForTurn } from './parts.ts';

/** Chunk bodies in this process at once: 16 MiB. */
const MOST_BODIES = 64;
const SHA256_BYTES = 32;

/** What a file's owner does with it. The offer itself is made by the session. */
export function addUploadRoutes(app: FastifyInstance, parts: FileHttpParts): void {
  let bodies = 0;

  /** Refuses whatever can be refused before the body is read, so that bytes wait at the client and not here. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const bytes = Number(request.headers['content-length']);
    if (!(bytes >= 1)) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: 'content-length' });
    if (bytes > MAX_FILE_CHUNK_BYTES) throw new ProtocolError('FRAME_TOO_LARGE');
    const { user } = await authenticate(request, parts);
    await parts.writer.expect({ user, fileId: fileIdOf(request), index: chunkIndexOf(request) }, bytes);
    await waitForTurn(parts, user, bytes, reply);
    if (bodies >= MOST_BODIES) throw new ProtocolError('SERVER_UNAVAILABLE', { retry_after_ms: 1_000 });
    bodies++;
    reply.raw.once('close', () => bodies--);
  }

  app.put(
    '/v1/files/:id/chunks/:n',
    { onRequest: admit, bodyLimit: MAX_FILE_CHUNK_BYTES },
    async (request, reply) => {
      const { user } = await authenticate(request, parts);
      const bytes = request.body as Buffer;
      const place = { user, fileId: fileIdOf(request), index: chunkIndexOf(request) };
      const stored = await parts.writer.put(place, bytes);
      parts.metrics.carried(stored.isNew ? 'stored' : 'repeated', 'http', bytes.length);
      parts.onStored(stored);
      await reply.code(204).send();
    },
  );

  app.post('/v1/files/:id/complete', async (request, reply) => {
    const bearer = await authenticate(request, parts);
    const { size, sha256 } = claimOf(request.body);
    const status = await parts.handlers.progress({
      kind: 'progress',
      ...bearer,
      file_id: fileIdOf(request),
      bytes_received: size,
      total_bytes: size,
      status: 'complete',
      sha256,
    });
    await reply.code(status.state === 'complete' ? 200 : 202).send(status);
  });

  app.delete('/v1/files/:id', async (request, reply) => {
    const bearer = await authenticate(request, parts);
    await reply.send(await parts.handlers.cancel({ kind: 'cancel', ...bearer, file_id: fileIdOf(request) }));
  });
}

function claimOf(body: unknown): { size: number; sha256: string } {
  const { size, sha256 } = parseJsonObject(body instanceof Buffer ? body : new Uint8Array(0));
  const isSize = Number.isSafeInteger(size) && (size as number) >= 1 && (size as number) <= MAX_FILE_BYTES;
  if (!isSize) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/size' });
  const isHash =
    typeof sha256 === 'string' && isBase64(sha256) && Buffer.from(sha256, 'base64').length === SHA256_BYTES;
  if (!isHash) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/sha256' });
  return { size: size as number, sha256 };
}
