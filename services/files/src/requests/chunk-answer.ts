import type { OutStreams } from '@securechat/directory';
import type { Logger, StreamEntry } from '@securechat/kernel';
import {
  type Ask,
  ENTRY_FIELD,
  type FileAnswer,
  type Packed,
  unpackEntry,
} from '@securechat/protocol/internal';
import type { ChunkWriter } from '../chunks/put-chunk.ts';
import type { FilesMetrics } from '../metrics.ts';
import { refusalOf } from './answer.ts';

type Parts = {
  writer: ChunkWriter;
  outStreams: OutStreams;
  onStored: (stored: Awaited<ReturnType<ChunkWriter['put']>>) => void;
  metrics: FilesMetrics;
  logger: Logger;
};
/** One entry of a chunk stream. */
type ChunkHead = Extract<Ask<'files'>, { kind: 'chunk' }> & { gateway: string; correlation: string };

/** Stores the chunks of an entry and answers. On any failure the chunk is sent again, for lack of an answer. */
export function createChunkAnswer(parts: Parts): (entry: StreamEntry) => Promise<void> {
  const { outStreams, metrics, logger } = parts;
  return async (entry) => {
    try {
      for (const chunk of unpackEntry<ChunkHead>(entry.fields.get(ENTRY_FIELD) ?? new Uint8Array(0))) {
        const answer = await store(parts, chunk);
        metrics.answered('chunk', answer.ok ? 'ok' : 'refused');
        const { gateway, correlation } = chunk.head;
        const body = Buffer.from(JSON.stringify(answer));
        await outStreams.reply(gateway, correlation, body);
      }
    } catch (err) {
      metrics.answered('chunk', 'failed');
      logger.error({ err }, 'a chunk was not stored');
    }
  };
}

async function store(
  { writer, onStored, metrics }: Parts,
  { head, body }: Packed<ChunkHead>,
): Promise<FileAnswer> {
  const { user, file_id, chunk_index, total_chunks } = head;
  try {
    const place = { user, fileId: file_id, index: chunk_index, totalChunks: total_chunks };
    const stored = await writer.put(place, Buffer.from(body));
    metrics.carried(stored.isNew ? 'stored' : 'repeated', 'socket', body.length);
    onStored(stored);
    return { ok: true, status: { file_id, chunk_index } };
  } catch (error) {
    return refusalOf(error);
  }
}
