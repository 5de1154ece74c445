import type { Downstream, Upstream } from '../../catalog.ts';
import type { Refused } from './refused.ts';

/** Who asks the files service: internal numbers, and the name that others see. */
type FileAsker = { user: number; device: number; user_id: string };
/** To everything but a chunk request. */
export type FileAnswer = { ok: true; status: Omit<Downstream<'file_status'>, 'type' | 'ref'> } | Refused;

/** Requests to files. */
export type FilesRequests = {
  offer: {
    ask: FileAsker & {
      file_id: string;
      conversation_id: string;
      file_size: number;
      chunk_size: number;
      total_chunks: number;
    };
    answer: FileAnswer;
  };
  accept: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  decline: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  cancel: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  progress: {
    ask: FileAsker & Omit<Upstream<'file_progress'>, 'type' | 'id'>;
    answer: FileAnswer;
  };
  status: {
    ask: FileAsker & { file_id?: string | undefined; after?: string | undefined };
    answer: FileAnswer;
  };
  /** Sent on a chunk stream, packed with the chunk's bytes. */
  chunk: {
    ask: FileAsker & { file_id: string; chunk_index: number; total_chunks: number };
    answer: FileAnswer;
  };
  /** The answer comes packed with the chunk's bytes, and not on the out stream. */
  chunk_request: {
    ask: FileAsker & { file_id: string; chunk_index: number };
    answer: { ok: true; total_chunks: number } | Refused;
  };
};

/** What arrives on a gateway's list of bulk answers, packed with the answer's bytes. */
export type BulkReply = { correlation: string; answer: FilesRequests['chunk_request']['answer'] };
