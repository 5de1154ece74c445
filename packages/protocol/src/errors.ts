/**
 * Every error a peer can be told about. `code` is the seed's number; names beyond the seed's ten hang
 * under the nearest number, so a client that knows only numbers still acts right.
 *
 * `retry`: `no` — the same bytes will fail again; `later` — the same bytes may succeed, after
 * `retry_after_ms` where given; `reseal` — the same id may be sent again with a new payload, epoch or
 * `client_seq`; `login` — a new login may help.
 */
export const errors = {
  INVALID_MESSAGE_FORMAT: { code: 1000, retry: 'no', says: 'The message does not have the required form' },
  UNSUPPORTED_VERSION: { code: 1000, retry: 'no', says: 'This protocol version is not served here' },
  UNKNOWN_TYPE: { code: 1000, retry: 'no', says: 'This message type is not known here' },
  FRAME_TOO_LARGE: { code: 1000, retry: 'no', says: 'The frame is longer than its type allows' },
  UNEXPECTED_MESSAGE: { code: 1000, retry: 'no', says: 'The message may not be sent in this state' },
  ID_REUSED: { code: 1000, retry: 'no', says: 'This id was used before for other content' },
  ACCOUNT_CONFLICT: { code: 1000, retry: 'no', says: 'The account or its device list is another by now' },
  SEQ_GAP: { code: 1000, retry: 'reseal', says: 'client_seq is not the next of this conversation' },
  TIMESTAMP_OUT_OF_WINDOW: { code: 1000, retry: 'no', says: 'The timestamp is too old or in the future' },
  EXPIRED: { code: 1000, retry: 'no', says: 'The message had expired when it arrived' },
  AUTHENTICATION_FAILED: { code: 1001, retry: 'login', says: 'Authentication failed' },
  INVALID_SIGNATURE: { code: 1002, retry: 'no', says: 'Message signature verification failed' },
  ENCRYPTION_ERROR: { code: 1003, retry: 'no', says: 'Content must be end-to-end encrypted' },
  STALE_EPOCH: { code: 1003, retry: 'reseal', says: 'The conversation has moved to another epoch' },
  RATE_LIMITED: { code: 1004, retry: 'later', says: 'Rate limit exceeded' },
  USER_NOT_FOUND: { code: 1005, retry: 'no', says: 'User not found' },
  PERMISSION_DENIED: { code: 1006, retry: 'no', says: 'Permission denied' },
  CONVERSATION_EXISTS: { code: 1006, retry: 'no', says: 'These two users already have a conversation' },
  NETWORK_TIMEOUT: { code: 2000, retry: 'later', says: 'The server did not answer in time' },
  CONNECTION_LOST: { code: 2001, retry: 'later', says: 'The connection was lost' },
  SERVER_UNAVAILABLE: { code: 2002, retry: 'later', says: 'The server cannot take this now' },
} as const satisfies Record<
  string,
  { code: number; retry: 'no' | 'later' | 'reseal' | 'login'; says: string }
>;

export type ErrorName = keyof typeof errors;
export const errorNames = Object.keys(errors) as ErrorName[];

/** What an error may carry beside its name; every field is visible to the peer. */
export type ErrorDetail = {
  /** Where in the message the fault lies, e.g. `/metadata/expires_at`. Never a value. */
  path?: string;
  reference_id?: string;
  retry_after_ms?: number;
  scope?: string;
  limit?: number;
  /** STALE_EPOCH, CONVERSATION_EXISTS: the epoch the server holds. */
  epoch?: number;
  /** SEQ_GAP: the client_seq the server waits for. */
  expected?: number;
  /** CONVERSATION_EXISTS: the conversation that won. */
  conversation_id?: string;
  /** UNSUPPORTED_VERSION: what is served. */
  supported_versions?: (string | number)[];
};

/** The peer's fault, to be answered with an `error` frame. Never carries payload or key bytes. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly error: ErrorName;
  readonly detail: ErrorDetail;
  /** True when the byte stream can no longer be trusted and the connection has to end. */
  readonly fatal: boolean;

  constructor(error: ErrorName, detail: ErrorDetail = {}, options: { fatal?: boolean } = {}) {
    super(detail.path ? `${errors[error].says} (${detail.path})` : errors[error].says);
    this.error = error;
    this.detail = detail;
    this.fatal = options.fatal ?? false;
  }
}

/** The `error` message of the wire for a name and its details. */
export function errorMessage(error: ErrorName, detail: ErrorDetail = {}): ErrorBody {
  const { path, ...rest } = detail;
  const { code, says } = errors[error];
  return {
    type: 'error',
    code,
    error_code: error,
    error_message: path ? `${says} (${path})` : says,
    ...rest,
  };
}

export type ErrorBody = { type: 'error'; code: number; error_code: ErrorName; error_message: string } & Omit<
  ErrorDetail,
  'path'
>;
