import { type Downstream, decodeBase64, encodeBase64, type FileAccess } from '@securechat/protocol';
import type { Connection, Question } from '../connection/connection.ts';
import { NotConnected, RequestTimedOut, ServerRefused } from '../errors.ts';

import { TransferFailed } from './errors.ts';

type Wire = Pick<Connection, 'request'>;
/** All are answered by `file_status`. */
type AboutFile = 'file_offer' | 'file_progress' | 'file_status' | 'file_cancel';
type Chunk = { fileId: string; index: number; totalChunks: number };

/** Rate limits or a busy server may delay a chunk; without a connection it waits for one. */
const ASK_DEADLINE_MS = 120_000;
const HTTP_DEADLINE_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** For this long after HTTP was unreachable, chunks go over the connection. */
const DETOUR_MS = 30_000;
/** A token is not used in its last seconds. */
const SPARE_SECONDS = 10;

/**
 * Transfers chunks to and from the server: as raw bytes over HTTP where the server offers it, else as frames of the connection. Either
 * can carry any chunk, so one that failed on one way is tried on the other. Retries until the chunk has arrived, the server refuses for
 * good, or `signal` aborts.
 */
export class Road {
  readonly #wire: Wire;
  readonly #signal: AbortSignal;
  #access: FileAccess | undefined;
  #detourUntilMs = 0;

  constructor(wire: Wire, signal: AbortSignal, isHttpAllowed = true) {
    this.#wire = wire;
    this.#signal = signal;
    if (!isHttpAllowed) this.#detourUntilMs = Number.POSITIVE_INFINITY;
  }

  put(chunk: Chunk, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#untilDone(async () => {
      const url = await this.#httpUrl();
      if (url !== undefined) await this.#http(url, chunk, { method: 'PUT', body: bytes });
      else await this.#putFrame(chunk, bytes);
    });
  }

  get(chunk: Chunk): Promise<Uint8Array<ArrayBuffer>> {
    return this.#untilDone(async () => {
      const url = await this.#httpUrl();
      if (url === undefined) return await this.#getFrame(chunk);
      return new Uint8Array(await (await this.#http(url, chunk, {})).arrayBuffer());
    });
  }

  /** Any other request, repeated as often as needed. */
  ask<N extends AboutFile>(name: N, question: Question<N>): Promise<Downstream<'file_status'>> {
    return this.#untilDone(() => this.#askOnce(name, question));
  }

  async #askOnce<N extends AboutFile>(name: N, question: Question<N>): Promise<Downstream<'file_status'>> {
    const options = { signal: this.#signal, deadlineMs: ASK_DEADLINE_MS };
    const answer = await this.#wire.request(name, question, options);
    if (answer.access) this.#access = answer.access;
    return answer;
  }

  async #putFrame({ fileId, index, totalChunks }: Chunk, bytes: Uint8Array): Promise<void> {
    const question = {
      file_id: fileId,
      chunk_index: index,
      total_chunks: totalChunks,
      encrypted_data: encodeBase64(bytes),
    };
    await this.#wire.request('file_chunk', question, { signal: this.#signal, deadlineMs: ASK_DEADLINE_MS });
  }

  async #getFrame({ fileId, index }: Chunk): Promise<Uint8Array<ArrayBuffer>> {
    const question = { file_id: fileId, chunk_index: index };
    const options = { signal: this.#signal, deadlineMs: ASK_DEADLINE_MS };
    const { encrypted_data } = await this.#wire.request('file_chunk_request', question, options);
    return Uint8Array.from(decodeBase64(encrypted_data));
  }

  /** Undefined where there is no HTTP interface, or it failed a moment ago. */
  async #httpUrl(): Promise<string | undefined> {
    if (performance.now() < this.#detourUntilMs) return undefined;
    const isOver = this.#access !== undefined && this.#access.expires_at - SPARE_SECONDS < Date.now() / 1000;
    if (!this.#access || isOver) await this.#askOnce('file_status', {});
    return this.#access?.url;
  }

  async #http(url: string, { fileId, index }: Chunk, init: RequestInit): Promise<Response> {
    const deadline = AbortSignal.timeout(HTTP_DEADLINE_MS);
    const response = await fetch(`${url}/v1/files/${fileId}/chunks/${index}`, {
      ...init,
      headers: { authorization: `Bearer ${this.#access?.token}`, 'content-type': 'application/octet-stream' },
      signal: AbortSignal.any([this.#signal, deadline]),
    }).catch((cause: unknown) => {
      this.#detourUntilMs = performance.now() + DETOUR_MS;
      throw new Interrupted(0, { cause });
    });
    if (response.ok) return response;
    const afterMs = Number(response.headers.get('retry-after') ?? 0) * 1000;
    await response.body?.cancel();
    if (response.status === 401) this.#access = undefined;
    if ([401, 429].includes(response.status) || response.status >= 500) throw new Interrupted(afterMs);
    throw new TransferFailed(`the server refused a chunk (${response.status})`);
  }

  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      this.#signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        this.#signal.throwIfAborted();
        await pause(Math.max(pauseMs, waitOf(error)), this.#signal);
      }
    }
  }
}

/** A retry may succeed. */
class Interrupted extends Error {
  readonly afterMs: number;
  constructor(afterMs: number, options?: ErrorOptions) {
    super('a chunk was interrupted', options);
    this.afterMs = afterMs;
  }
}

/** Delay before the next attempt, as the server says; rethrows errors that a retry will not change. */
function waitOf(error: unknown): number {
  if (error instanceof Interrupted) return error.afterMs;
  if (error instanceof RequestTimedOut) return 0;
  if (error instanceof ServerRefused && error.isRetryable) return error.retryAfterMs ?? 0;
  if (error instanceof ServerRefused || error instanceof NotConnected)
    throw new TransferFailed(error.message, { cause: error });
  throw error;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
