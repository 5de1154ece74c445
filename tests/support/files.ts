import { createHash, randomBytes } from 'node:crypto';
import type { Downstream, FileAccess } from '@securechat/protocol';
import type { RawClient } from '@securechat/testkit';

/** A file as the server sees it: bytes without meaning, cut into chunks. */
export type RawFile = {
  readonly id: string;
  readonly bytes: Buffer;
  readonly chunkSize: number;
  readonly totalChunks: number;
  readonly sha256: string;
  chunk(index: number): Buffer;
};

export function makeFile(size: number, chunkSize: number, bytes = randomBytes(size)): RawFile {
  return {
    id: `file_${randomBytes(12).toString('base64url')}`,
    bytes,
    chunkSize,
    totalChunks: Math.ceil(size / chunkSize),
    sha256: createHash('sha256').update(bytes).digest('base64'),
    chunk: (index) => bytes.subarray(index * chunkSize, (index + 1) * chunkSize),
  };
}

/** A busy machine takes its time to write chunks to disk. */
export const PATIENT_MS = 30_000;

type Status = Downstream<'file_status'>;
export type Answer = Status | Downstream<'error'>;

/** The answer to a message about a file, whatever it is: that to this id. */
export async function answerTo(client: RawClient, id: string, deadlineMs = PATIENT_MS): Promise<Answer> {
  for (;;) {
    const answer = await client.nextOf(['file_status', 'error'], deadlineMs);
    const ref = answer.type === 'error' ? answer.reference_id : answer.ref;
    if (ref === id) return answer as Answer;
  }
}

let asked = 0;
const nextId = (): string => `file_req_${++asked}`;

export async function offer(client: RawClient, file: RawFile, conversation: string): Promise<Answer> {
  const id = nextId();
  client.send('file_offer', {
    type: 'file_offer',
    id,
    file_id: file.id,
    conversation_id: conversation,
    file_size: file.bytes.length,
    chunk_size: file.chunkSize,
    total_chunks: file.totalChunks,
  });
  return await answerTo(client, id);
}

/** By the socket, as base64. */
export async function sendChunk(
  client: RawClient,
  file: RawFile,
  index: number,
  bytes = file.chunk(index),
): Promise<Answer> {
  const id = nextId();
  client.send('file_chunk', {
    type: 'file_chunk',
    id,
    file_id: file.id,
    chunk_index: index,
    total_chunks: file.totalChunks,
    encrypted_data: bytes.toString('base64'),
  });
  return await answerTo(client, id);
}

export async function askStatus(client: RawClient, fileId?: string): Promise<Status> {
  const id = nextId();
  client.send('file_status', {
    type: 'file_status',
    id,
    ...(fileId === undefined ? {} : { file_id: fileId }),
  });
  const answer = await answerTo(client, id);
  if (answer.type === 'error') throw new Error(`file_status was refused: ${answer.error_code}`);
  return answer;
}

export async function claimComplete(client: RawClient, file: RawFile, sha256 = file.sha256): Promise<Answer> {
  const id = nextId();
  const size = file.bytes.length;
  client.send('file_progress', {
    type: 'file_progress',
    id,
    file_id: file.id,
    bytes_received: size,
    total_bytes: size,
    status: 'complete',
    sha256,
  });
  return await answerTo(client, id);
}

/** Resolves when the server says what has become of its look at all of the file. */
export async function untilVerified(client: RawClient, file: RawFile): Promise<'complete' | 'error'> {
  const { status } = await client.next(
    'file_progress',
    (progress) =>
      progress.file_id === file.id && progress.status !== 'downloading' && progress.user_id === undefined,
    PATIENT_MS,
  );
  return status as 'complete' | 'error';
}

/** By the socket. */
export async function requestChunk(
  client: RawClient,
  fileId: string,
  index: number,
): Promise<Downstream<'file_chunk'> | Downstream<'error'>> {
  const id = nextId();
  client.send('file_chunk_request', { type: 'file_chunk_request', id, file_id: fileId, chunk_index: index });
  for (;;) {
    const answer = await client.nextOf(['file_chunk', 'error'], PATIENT_MS);
    const ref = answer.type === 'error' ? answer.reference_id : (answer as Downstream<'file_chunk'>).ref;
    if (ref === id) return answer as Downstream<'file_chunk'> | Downstream<'error'>;
  }
}

export async function accessOf(client: RawClient): Promise<FileAccess & { url: string }> {
  const { access } = await askStatus(client);
  if (access?.url === undefined) throw new Error('the server told of no HTTP interface');
  return { ...access, url: access.url };
}

type HttpAsk = { method?: string; body?: Uint8Array; headers?: Record<string, string> };

export async function http(
  access: { url: string; token: string },
  path: string,
  { method = 'GET', body, headers = {} }: HttpAsk = {},
): Promise<Response> {
  return await fetch(`${access.url}/v1/files${path}`, {
    method,
    headers: { authorization: `Bearer ${access.token}`, ...headers },
    ...(body ? { body: new Uint8Array(body) } : {}),
    signal: AbortSignal.timeout(60_000),
  });
}

export const putChunk = (
  access: { url: string; token: string },
  file: RawFile,
  index: number,
): Promise<Response> =>
  http(access, `/${file.id}/chunks/${index}`, { method: 'PUT', body: file.chunk(index) });

export const bytesOf = async (response: Response): Promise<Buffer> =>
  Buffer.from(await response.arrayBuffer());
