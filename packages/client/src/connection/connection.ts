import type { Downstream, RetryPolicy, Upstream } from '@securechat/protocol';
import type { SecureChatError } from '../errors.ts';
import type { Listener } from '../events.ts';

/**
 * disconnected    no socket: not started, waiting to come back, or ended
 * connecting      a socket is being opened
 * authenticating  both sides prove themselves; the first ping is not answered yet
 * connected       a session, whose server has answered a ping
 */
export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'connected';

/** What was agreed on at login. The limits and capabilities are covered by the server's signature. */
export type Session = {
  readonly sessionId: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly capabilities: readonly string[];
  readonly retryPolicy: RetryPolicy;
};

/** What a device keeps from one connection to the next, over restarts too. */
export type Keepsake = {
  /** The service keys that are trusted, oldest first. */
  readonly pins: readonly Uint8Array[];
  /** Spares the server a look-up at the next login. */
  readonly ticket: string | undefined;
};

export type ConnectionEvents = {
  state: ConnectionState;
  /** A login has succeeded; what is to be kept may be another than before. Comes right before the state `connected`. */
  session: { session: Session; keepsake: Keepsake };
  /** Whatever the server sends that answers no `request`, in order. */
  message: Downstream;
  /** An attempt has failed, or the connection was lost. The next attempt follows after `retryInMs`. */
  failure: { error: SecureChatError; retryInMs: number };
  /** It will not come back by itself. */
  ended: SecureChatError;
};

/** Questions with an `id`, and what answers them with this `ref`. */
export type Answers = {
  device_list: 'device_list';
  key_exchange: 'key_count';
  key_bundle_request: 'key_bundle';
  key_count: 'key_count';
  key_log: 'key_log';
  key_log_proof: 'key_log_proof';
  block: 'block';
  unblock: 'unblock';
  block_list: 'block_list';
  receipt_privacy: 'receipt_privacy';
  push_subscribe: 'push_subscribe';
  push_unsubscribe: 'push_unsubscribe';
  group_info: 'group_info';
  turn_credentials: 'turn_credentials';
  presence_subscribe: 'presence_subscribe';
  presence_privacy: 'presence_privacy';
  file_offer: 'file_status';
  file_cancel: 'file_status';
  file_chunk: 'file_status';
  file_chunk_request: 'file_chunk';
  file_progress: 'file_status';
  file_status: 'file_status';
};
export type QuestionName = keyof Answers;

/** Without an `id`, which the connection makes. Given, it is kept: for questions that outlive a restart. */
export type Question<N extends QuestionName> = Omit<Upstream<N>, 'type' | 'id'> & { id?: string };

export type RequestOptions = {
  signal?: AbortSignal;
  /** From the call to the answer, with all retries and the time without a connection; default 30 s. */
  deadlineMs?: number;
};

export interface Connection {
  readonly state: ConnectionState;
  /** Set while connected. */
  readonly session: Session | undefined;
  /** Connects, and comes back by itself until `stop` or `ended`. */
  start(): void;
  /** Says goodbye. Resolves when the socket is gone. */
  stop(): Promise<void>;
  /** The network changed, the app came to the foreground, or the person asked: tries at once, or looks whether the server is there. */
  nudge(): void;
  /** Whole frames. False when not connected: then nothing was sent. */
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /**
   * The answer to a question. Waits for a connection, asks again with the same id when the answer does not come, was lost
   * with the connection, or says "later". Fails with `ServerRefused`, `RequestTimedOut` or `NotConnected`.
   */
  request<N extends QuestionName>(
    name: N,
    question: Question<N>,
    options?: RequestOptions,
  ): Promise<Downstream<Answers[N]>>;
  on<K extends keyof ConnectionEvents>(name: K, listener: Listener<ConnectionEvents[K]>): () => void;
}
