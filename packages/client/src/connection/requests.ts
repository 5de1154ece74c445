import {
  DEFAULT_RETRY_POLICY,
  type Downstream,
  encodeUpstream,
  type RetryPolicy,
  retryDelayMs,
  type Upstream,
} from '@securechat/protocol';
import { randomId } from '../bytes.ts';
import { type Clock, withDeadline } from '../clock.ts';
import {
  NotConnected,
  RequestTimedOut,
  type SecureChatError,
  ServerRefused,
  TooManyRequests,
} from '../errors.ts';
import type { Answers, Question, QuestionName, RequestOptions } from './connection.ts';

/** The server gives up on its own services after 5 s and says so; the rest is for that answer to arrive. */
const ANSWER_MS = 8_000;
const DEADLINE_MS = 30_000;
const MAX_PENDING = 1_000;
/** Upper bound for the server's retry policy, so that it cannot make clients wait or ask excessively. */
const MAX_RETRIES = 10;
const ID_BYTES = 12;

const answerNames: Answers = {
  device_list: 'device_list',
  key_exchange: 'key_count',
  key_bundle_request: 'key_bundle',
  key_count: 'key_count',
  key_log: 'key_log',
  key_log_proof: 'key_log_proof',
  block: 'block',
  unblock: 'unblock',
  block_list: 'block_list',
  receipt_privacy: 'receipt_privacy',
  push_subscribe: 'push_subscribe',
  push_unsubscribe: 'push_unsubscribe',
  group_info: 'group_info',
  turn_credentials: 'turn_credentials',
  presence_subscribe: 'presence_subscribe',
  presence_privacy: 'presence_privacy',
  file_offer: 'file_status',
  file_cancel: 'file_status',
  file_chunk: 'file_status',
  file_chunk_request: 'file_chunk',
  file_progress: 'file_status',
  file_status: 'file_status',
};

/**
 * A pending request.
 *
 * held     no connection: sent with the next one
 * asked    sent; left by an answer, by a refusal, after 8 s, or back to held when the connection is lost
 * resting  no answer, or "later": asked again after the policy's delay or the server's, whichever is longer
 */
type Pending = {
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly answeredBy: string;
  resolve(answer: Downstream): void;
  reject(error: SecureChatError): void;
  retries: number;
  cancelTimer: () => void;
};

/** Requests and their answers, across as many connections as it takes. */
export class Requests {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => boolean;
  readonly #pendingById = new Map<string, Pending>();
  #policy: RetryPolicy = DEFAULT_RETRY_POLICY;

  constructor(clock: Clock, random: () => number, send: (frame: Uint8Array<ArrayBuffer>) => boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#send = send;
  }

  async ask<N extends QuestionName>(
    name: N,
    question: Question<N>,
    { signal, deadlineMs = DEADLINE_MS }: RequestOptions = {},
  ): Promise<Downstream<Answers[N]>> {
    if (this.#pendingById.size >= MAX_PENDING) throw new TooManyRequests('Too many requests');
    const id = question.id ?? randomId('q_', ID_BYTES);
    if (this.#pendingById.has(id)) throw new TypeError(`request ${id} is already pending`);
    const late = () => new RequestTimedOut(`No answer to ${name} within ${deadlineMs} ms`);
    try {
      return await withDeadline(this.#clock, deadlineMs, signal, late, () => {
        const { promise, resolve, reject } = Promise.withResolvers<Downstream>();
        const frame = encodeUpstream(name, { ...question, type: name, id } as unknown as Upstream<N>);
        const pending: Pending = {
          ...{ frame, answeredBy: answerNames[name], resolve, reject },
          ...{ retries: 0, cancelTimer: () => undefined },
        };
        this.#pendingById.set(id, pending);
        this.#post(pending);
        return promise as Promise<Downstream<Answers[N]>>;
      });
    } finally {
      this.#pendingById.get(id)?.cancelTimer();
      this.#pendingById.delete(id);
    }
  }

  /** Returns false for a message that answers no request. */
  take(message: Downstream): boolean {
    if (message.type === 'error') return this.#takeError(message);
    const pending = 'ref' in message ? this.#pendingById.get(message.ref ?? '') : undefined;
    if (pending?.answeredBy !== message.type) return false;
    pending.resolve(message);
    return true;
  }

  /** (Re)sends all pending requests. */
  connected(policy: RetryPolicy): void {
    this.#policy = { ...policy, max_retries: Math.min(policy.max_retries, MAX_RETRIES) };
    for (const pending of this.#pendingById.values()) this.#post(pending);
  }

  disconnected(): void {
    for (const pending of this.#pendingById.values()) pending.cancelTimer();
  }

  /** Rejects all pending requests: there will be no further connection. */
  stop(reason: string, cause?: Error): void {
    for (const pending of this.#pendingById.values()) pending.reject(new NotConnected(reason, { cause }));
  }

  #post(pending: Pending): void {
    pending.cancelTimer();
    if (!this.#send(pending.frame)) return;
    const late = (): void => this.#retry(pending, new RequestTimedOut('The server did not answer'));
    pending.cancelTimer = this.#clock.after(ANSWER_MS, late);
  }

  #takeError(message: Downstream<'error'>): boolean {
    const pending = this.#pendingById.get(message.reference_id ?? '');
    if (!pending) return false;
    pending.cancelTimer();
    const refusal = new ServerRefused(message);
    if (refusal.isRetryable) this.#retry(pending, refusal);
    else pending.reject(refusal);
    return true;
  }

  #retry(pending: Pending, why: RequestTimedOut | ServerRefused): void {
    const delayMs = retryDelayMs(this.#policy, ++pending.retries, this.#random());
    if (delayMs === undefined) return pending.reject(why);
    const askedForMs = why instanceof ServerRefused ? (why.retryAfterMs ?? 0) : 0;
    pending.cancelTimer = this.#clock.after(Math.max(delayMs, askedForMs), () => this.#post(pending));
  }
}
