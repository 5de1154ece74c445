import type { FileBudget } from '@securechat/directory';
import { sleep } from '@securechat/kernel';
import { ID_PATTERN, MAX_FILE_CHUNKS, ProtocolError } from '@securechat/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bearer, Tokens } from '../access/tokens.ts';
import type { ChunkWriter } from '../chunks/put-chunk.ts';
import type { ChunkReader } from '../chunks/read-chunk.ts';
import type { FilesMetrics } from '../metrics.ts';
import type { Handlers } from '../requests/handlers.ts';
import type { FileStore } from '../store/file-store.ts';
import type { Places } from './places.ts';

export type FileHttpParts = {
  tokens: Tokens;
  files: FileStore;
  budget: FileBudget;
  writer: ChunkWriter;
  reader: ChunkReader;
  handlers: Handlers;
  onStored: (stored: Awaited<ReturnType<ChunkWriter['put']>>) => void;
  metrics: FilesMetrics;
  places: Places;
};

/** Transfers are throttled to the user's limit by waiting; for longer waits the client is told to retry. */
const LONGEST_WAIT_MS = 30_000;

const bearers = new WeakMap<FastifyRequest, Bearer>();
const id = new RegExp(ID_PATTERN);

/**
 * Who sent this request. Throws a ProtocolError for a token not issued to a session of a served device, or for one
 * request too many.
 */
export async function authenticate(
  request: FastifyRequest,
  { tokens, files, places }: FileHttpParts,
): Promise<Bearer> {
  const known = bearers.get(request);
  if (known) return known;
  const [, token] = /^Bearer ([A-Za-z0-9_.-]+)$/.exec(request.headers.authorization ?? '') ?? [];
  const bearer = token === undefined ? undefined : await tokens.open(token);
  if (!bearer || !(await files.isServed(bearer.user, bearer.device)))
    throw new ProtocolError('AUTHENTICATION_FAILED');
  places.take(request, bearer.user);
  bearers.set(request, bearer);
  return bearer;
}

export function fileIdOf(request: FastifyRequest): string {
  const { id: text = '' } = request.params as { id?: string };
  if (!id.test(text)) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/id' });
  return text;
}

/** The file after which a list starts. A query may hold anything, even duplicates. */
export function afterOf(request: FastifyRequest): string | undefined {
  const { after } = request.query as { after?: unknown };
  if (after === undefined || (typeof after === 'string' && id.test(after))) return after;
  throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/after' });
}

export function chunkIndexOf(request: FastifyRequest): number {
  const { n = '' } = request.params as { n?: string };
  const index = /^\d{1,7}$/.test(n) ? Number(n) : Number.NaN;
  if (!(index < MAX_FILE_CHUNKS)) throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/n' });
  return index;
}

/**
 * Waits until this user may send or receive this many bytes. Throws a ProtocolError when the wait is too long, or the
 * client is gone.
 */
export async function waitForTurn(
  { budget, metrics }: Pick<FileHttpParts, 'budget' | 'metrics'>,
  user: number,
  bytes: number,
  reply: FastifyReply,
): Promise<void> {
  const grant = await budget.take(user, bytes, LONGEST_WAIT_MS);
  if (!grant.isTaken) {
    metrics.limited();
    throw new ProtocolError('RATE_LIMITED', { scope: 'file_bytes', retry_after_ms: grant.retryAfterMs });
  }
  if (grant.waitMs > 0 && !reply.raw.destroyed) {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    reply.raw.once('close', leave);
    await sleep(grant.waitMs, gone.signal);
    reply.raw.off('close', leave);
  }
  // nobody waits for the answer any more, and whatever is taken from here on would never be returned
  if (reply.raw.destroyed) throw new ProtocolError('CONNECTION_LOST');
}
