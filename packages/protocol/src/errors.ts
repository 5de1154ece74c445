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
  KEY_ALREADY_USED: { code: 1000, retry: 'no', says: 'This key package was handed out or replaced before' },
  SEQ_GAP: { code: 1000, retry: 'reseal', says: 'client_seq is not the next of this conversation' },
  TIMESTAMP_OUT_OF_WINDOW: { code: 1000, retry: 'no', says: 'The timestamp is too old or in the future' },
  EXPIRED: { code: 1000, retry: 'no', says: 'The message had expired when it arrived' },
  AUTHENTICATION_FAILED: { code: 1001, retry: 'login', says: 'Authentication failed' },
  INVALID_SIGNATURE: { code: 1002, retry: 'no', says: 'Message signature verification failed' },
  ENCRYPTION_ERROR: { code: 1003, retry: 'no', says: 'Content must be end-to-end encrypted' },
  INVALID_KEY_PACKAGE: { code: 1003, retry: 'no', says: 'The key package does not fulfil the rules' },
  STALE_EPOCH: { code: 1003, retry: 'reseal', says: 'The conversation has moved to another epoch' },
  KEY_LIMIT_REACHED: { code: 1004, retry: 'later', says: 'This device has as many key packages as it may' },
  STALE_LOG: { code: 1003, retry: 'reseal', says: 'Another operation on the conversation came first' },
  COMMIT_REQUIRED: { code: 1003, retry: 'reseal', says: 'The conversation needs a commit first' },
  RATE_LIMITED: { code: 1004, retry: 'later', says: 'Rate limit exceeded' },
  USER_NOT_FOUND: { code: 1005, retry: 'no', says: 'User not found' },
  PERMISSION_DENIED: { code: 1006, retry: 'no', says: 'Permission denied' },
  CAPABILITY_MISSING: {
    code: 1006,
    retry: 'no',
    says: 'The client did not announce a capability that this message needs',
  },
  KEY_TYPE_REFUSED: { code: 1006, retry: 'no', says: 'Keys of this type are not taken here' },
  CONVERSATION_EXISTS: { code: 1006, retry: 'no', says: 'These two users already have a conversation' },
  LAST_OWNER: { code: 1006, retry: 'no', says: 'A group needs an owner: hand it over first' },
  BANNED: { code: 1006, retry: 'no', says: 'A user who is to join is banned from this group' },
  BAN_LIST_FULL: { code: 1006, retry: 'no', says: 'A group cannot ban so many users' },
  GROUP_FULL: { code: 1006, retry: 'no', says: 'A group cannot have so many members' },
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
  /** STALE_EPOCH, STALE_LOG, COMMIT_REQUIRED, CONVERSATION_EXISTS: what the server holds. */
  epoch?: number;
  generation?: number;
  /** STALE_EPOCH, STALE_LOG: place and hash of the operation that came first. */
  conv_seq?: number;
  previous_sha256?: string;
  /** COMMIT_REQUIRED: devices that a `group_commit` has to remove; empty when fresh keys are all it needs. */
  removed_devices?: string[];
  /** SEQ_GAP: the client_seq the server waits for. */
  expected?: number;
  /** CONVERSATION_EXISTS: the conversation that won. */
  conversation_id?: string;
  /** CAPABILITY_MISSING: the one that the message needs. */
  capability?: string;
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
