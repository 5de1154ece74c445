import type { Downstream, RetryPolicy, Upstream } from '@securechat/protocol';
import type { SecureChatError } from '../errors.ts';
import type { Listener } from '../events.ts';

/**
 * disconnected    no socket: not started, waiting to reconnect, or ended
 * connecting      a socket is being opened
 * authenticating  both sides prove their keys; the first ping is not answered yet
 * connected       logged in, and the server has answered a ping
 */
export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'connected';

/** What the login agreed on. The server's signature covers limits and capabilities. */
export type Session = {
  readonly sessionId: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly capabilities: readonly string[];
  readonly retryPolicy: RetryPolicy;
};

/** What a device keeps from one connection to the next, including across restarts. */
export type Keepsake = {
  /** Trusted service keys, oldest first. */
  readonly pins: readonly Uint8Array[];
  /** Saves the server a look-up at the next login. */
  readonly ticket: string | undefined;
};

export type ConnectionEvents = {
  state: ConnectionState;
  /** A login succeeded; the keepsake may differ from the stored one. Emitted right before the state `connected`. */
  session: { session: Session; keepsake: Keepsake };
  /** Every message from the server that does not answer a `request`, in order. */
  message: Downstream;
  /** An attempt failed, or the connection was lost. The next attempt follows after `retryInMs`. */
  failure: { error: SecureChatError; retryInMs: number };
  /** It will not reconnect. */
  ended: SecureChatError;
};

/** Requests that carry an `id`, and the message type that answers each with the same `ref`. */
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

/** Without `id` the connection makes one. Pass one for requests that must survive a restart. */
export type Question<N extends QuestionName> = Omit<Upstream<N>, 'type' | 'id'> & { id?: string };

export type RequestOptions = {
  signal?: AbortSignal;
  /** From the call to the answer, including retries and time without a connection. Default 30,000. */
  deadlineMs?: number;
};

export interface Connection {
  readonly state: ConnectionState;
  /** Set while connected. */
  readonly session: Session | undefined;
  /** Connects, and reconnects by itself until `stop` or `ended`. */
  start(): void;
  /** Disconnects. Resolves when the socket is closed. */
  stop(): Promise<void>;
  /** Call it when the network changed, the app came to the foreground, or the person asked: reconnects at once, or probes the connection. */
  nudge(): void;
  /**
   * Takes whole frames. Returns false when not connected; then nothing was sent. `isAnswered`: the server answers it, so that silence
   * afterwards soon counts as a lost connection.
   */
  send(frame: Uint8Array<ArrayBuffer>, isAnswered?: boolean): boolean;
  /**
   * Resolves with the answer. Waits for a connection, and asks again with the same id when the answer is late, was lost with the
   * connection, or says "later". Rejects with `ServerRefused`, `RequestTimedOut`, `NotConnected` or `TooManyRequests`.
   */
  request<N extends QuestionName>(
    name: N,
    question: Question<N>,
    options?: RequestOptions,
  ): Promise<Downstream<Answers[N]>>;
  on<K extends keyof ConnectionEvents>(name: K, listener: Listener<ConnectionEvents[K]>): () => void;
}
