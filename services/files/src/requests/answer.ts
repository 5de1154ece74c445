import type { BulkList } from '@securechat/directory';
import { classify, PoisonError, parseQuestion, type StreamRequest } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import type { Ask, BulkReply, FileAnswer, Refused } from '@securechat/protocol/internal';
import type { ChunkReader } from '../chunks/read-chunk.ts';
import type { FilesMetrics } from '../metrics.ts';
import { chunksOf } from '../store/file-row.ts';
import type { Handlers } from './handlers.ts';

type Parts = { handlers: Handlers; reader: ChunkReader; bulkList: BulkList; metrics: FilesMetrics };

/** What the client is told of an error. Rethrows errors that are neither the client's nor transient. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof ProtocolError) return { ok: false, error: error.error, detail: error.detail };
  if (classify(error) !== 'retryable') throw error;
  return { ok: false, error: 'SERVER_UNAVAILABLE', detail: { retry_after_ms: 1_000 } };
}

/** Answers a gateway's question with the body of the reply; undefined for a chunk, which is sent another way. */
export function createAnswer(parts: Parts): (request: StreamRequest) => Promise<Buffer | undefined> {
  const { handlers, metrics } = parts;
  return async (request) => {
    const ask = parseQuestion<Ask<'files'>>(request);
    if (ask.kind === 'chunk') throw new PoisonError('chunks come by another stream');
    if (ask.kind === 'chunk_request') {
      await sendChunk(parts, request, ask);
      return undefined;
    }
    let answer: FileAnswer;
    try {
      answer = { ok: true, status: await dispatch(handlers, ask) };
    } catch (error) {
      const refusal = refusalOf(error);
      metrics.answered(ask.kind, 'refused');
      return Buffer.from(JSON.stringify(refusal));
    }
    metrics.answered(ask.kind, 'ok');
    return Buffer.from(JSON.stringify(answer));
  };
}

function dispatch(
  handlers: Handlers,
  ask: Exclude<Ask<'files'>, { kind: 'chunk' | 'chunk_request' }>,
): ReturnType<Handlers[keyof Handlers]> {
  switch (ask.kind) {
    case 'offer':
      return handlers.offer(ask);
    case 'accept':
      return handlers.accept(ask);
    case 'decline':
      return handlers.decline(ask);
    case 'cancel':
      return handlers.cancel(ask);
    case 'progress':
      return handlers.progress(ask);
    case 'status':
      return handlers.status(ask);
    default:
      // a kind without a case does not compile
      ask satisfies never;
      throw new PoisonError('a question of unknown kind');
  }
}

async function sendChunk(
  { reader, bulkList, metrics }: Parts,
  { gatewayId, correlationId }: StreamRequest,
  ask: Extract<Ask<'files'>, { kind: 'chunk_request' }>,
): Promise<void> {
  let answer: BulkReply['answer'];
  let body: Buffer = Buffer.alloc(0);
  try {
    const file = await reader.open(ask.user, ask.file_id);
    body = await reader.read(file, ask.chunk_index);
    answer = { ok: true, total_chunks: chunksOf(file) };
    metrics.carried('read', 'socket', body.length);
  } catch (error) {
    answer = refusalOf(error);
  }
  metrics.answered('chunk_request', answer.ok ? 'ok' : 'refused');
  await bulkList.send(gatewayId, { head: { correlation: correlationId, answer }, body });
}
