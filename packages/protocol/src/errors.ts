/**
 * Every error a peer can be told about. `code` is the seed's number; names beyond the seed's ten share the nearest
 * number, so a client that knows only numbers still acts correctly.
 *
 * `retry`: `no` — the same bytes will fail again; `later` — the same bytes may succeed, after `retry_after_ms` where
 * given; `reseal` — the same id may be sent again with a new payload, epoch or `client_seq`; `login` — a new login
 * may help.
 */
export const errors = {
  INVALID_MESSAGE_FORMAT: { code: 1000, retry: 'no' },
  UNSUPPORTED_VERSION: { code: 1000, retry: 'no' },
  UNKNOWN_TYPE: { code: 1000, retry: 'no' },
  FRAME_TOO_LARGE: { code: 1000, retry: 'no' },
  UNEXPECTED_MESSAGE: { code: 1000, retry: 'no' },
  ID_REUSED: { code: 1000, retry: 'no' },
  ACCOUNT_CONFLICT: { code: 1000, retry: 'no' },
  KEY_ALREADY_USED: { code: 1000, retry: 'no' },
  SEQ_GAP: { code: 1000, retry: 'reseal' },
  TIMESTAMP_OUT_OF_WINDOW: { code: 1000, retry: 'no' },
  EXPIRED: { code: 1000, retry: 'no' },
  FILE_INCOMPLETE: { code: 1000, retry: 'later' },
  FILE_CORRUPT: { code: 1000, retry: 'no' },
  AUTHENTICATION_FAILED: { code: 1001, retry: 'login' },
  INVALID_SIGNATURE: { code: 1002, retry: 'no' },
  ENCRYPTION_ERROR: { code: 1003, retry: 'no' },
  INVALID_KEY_PACKAGE: { code: 1003, retry: 'no' },
  STALE_EPOCH: { code: 1003, retry: 'reseal' },
  KEY_LIMIT_REACHED: { code: 1004, retry: 'later' },
  STALE_LOG: { code: 1003, retry: 'reseal' },
  COMMIT_REQUIRED: { code: 1003, retry: 'reseal' },
  RATE_LIMITED: { code: 1004, retry: 'later' },
  STORAGE_FULL: { code: 1004, retry: 'no' },
  USER_NOT_FOUND: { code: 1005, retry: 'no' },
  PERMISSION_DENIED: { code: 1006, retry: 'no' },
  CAPABILITY_MISSING: { code: 1006, retry: 'no' },
  SESSION_TAKEN: { code: 1006, retry: 'no' },
  KEY_TYPE_REFUSED: { code: 1006, retry: 'no' },
  CONVERSATION_EXISTS: { code: 1006, retry: 'no' },
  LAST_OWNER: { code: 1006, retry: 'no' },
  BANNED: { code: 1006, retry: 'no' },
  BAN_LIST_FULL: { code: 1006, retry: 'no' },
  GROUP_FULL: { code: 1006, retry: 'no' },
  NETWORK_TIMEOUT: { code: 2000, retry: 'later' },
  CONNECTION_LOST: { code: 2001, retry: 'later' },
  SERVER_UNAVAILABLE: { code: 2002, retry: 'later' },
} as const satisfies Record<string, { code: number; retry: 'no' | 'later' | 'reseal' | 'login' }>;

export type ErrorName = keyof typeof errors;
export const errorNames = Object.keys(errors) as ErrorName[];

/** The server's text for each. A separate table, so that a page that never sends errors does not load it. */
export const errorTexts: Readonly<Record<ErrorName, string>> = {
  INVALID_MESSAGE_FORMAT: 'The message does not have the required form',
  UNSUPPORTED_VERSION: 'This protocol version is not served here',
  UNKNOWN_TYPE: 'This message type is not known here',
  FRAME_TOO_LARGE: 'The frame is longer than its type allows',
  UNEXPECTED_MESSAGE: 'The message may not be sent in this state',
  ID_REUSED: 'This id was used before for other content',
  ACCOUNT_CONFLICT: 'The account or its device list has changed meanwhile',
  KEY_ALREADY_USED: 'This key package was handed out or replaced before',
  SEQ_GAP: 'client_seq is not the next of this conversation',
  TIMESTAMP_OUT_OF_WINDOW: 'The timestamp is too old or in the future',
  EXPIRED: 'The message had expired when it arrived',
  FILE_INCOMPLETE: 'The file is not complete yet',
  FILE_CORRUPT: 'The file does not match its size or hash',
  AUTHENTICATION_FAILED: 'Authentication failed',
  INVALID_SIGNATURE: 'Message signature verification failed',
  ENCRYPTION_ERROR: 'Content must be end-to-end encrypted',
  INVALID_KEY_PACKAGE: 'The key package does not fulfil the rules',
  STALE_EPOCH: 'The conversation has moved to another epoch',
  KEY_LIMIT_REACHED: 'This device has the maximum number of key packages',
  STALE_LOG: 'Another operation on the conversation came first',
  COMMIT_REQUIRED: 'The conversation needs a commit first',
  RATE_LIMITED: 'Rate limit exceeded',
  STORAGE_FULL: 'This would exceed the storage of the user',
  USER_NOT_FOUND: 'User not found',
  PERMISSION_DENIED: 'Permission denied',
  CAPABILITY_MISSING: 'The client did not announce a capability that this message needs',
  SESSION_TAKEN: 'Another device has answered, or nobody has asked',
  KEY_TYPE_REFUSED: 'Keys of this type are not accepted',
  CONVERSATION_EXISTS: 'These two users already have a conversation',
  LAST_OWNER: 'A group needs an owner: hand it over first',
  BANNED: 'A user who is to join is banned from this group',
  BAN_LIST_FULL: 'A group cannot ban so many users',
  GROUP_FULL: 'A group cannot have so many members',
  NETWORK_TIMEOUT: 'The server did not answer in time',
  CONNECTION_LOST: 'The connection was lost',
  SERVER_UNAVAILABLE: 'The server cannot take this now',
};

/** What an error may carry besides its name; every field is visible to the peer. */
export type ErrorDetail = {
  /** Where in the message the fault is, e.g. `/metadata/expires_at`. Never a value. */
  path?: string;
  reference_id?: string;
  retry_after_ms?: number;
  scope?: string;
  limit?: number;
  /** STALE_EPOCH, STALE_LOG, COMMIT_REQUIRED, CONVERSATION_EXISTS: the server's current values. */
  epoch?: number;
  generation?: number;
  /** STALE_EPOCH, STALE_LOG: place and hash of the operation that came first. */
  conv_seq?: number;
  previous_sha256?: string;
  /** COMMIT_REQUIRED: devices that a `group_commit` must remove; empty when it only needs fresh keys. */
  removed_devices?: string[];
  /** SEQ_GAP: the client_seq that the server expects. */
  expected?: number;
  /** CONVERSATION_EXISTS: the conversation that won. */
  conversation_id?: string;
  /** CAPABILITY_MISSING: the capability that the message needs. */
  capability?: string;
  /** UNSUPPORTED_VERSION: the versions served. */
  supported_versions?: (string | number)[];
};

/** The peer's fault, answered with an `error` frame. Never carries payload or key bytes. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly error: ErrorName;
  readonly detail: ErrorDetail;
  /** True when the byte stream can no longer be trusted and the connection must end. */
  readonly fatal: boolean;

  constructor(error: ErrorName, detail: ErrorDetail = {}, options: { fatal?: boolean } = {}) {
    super(detail.path ? `${error} (${detail.path})` : error);
    this.error = error;
    this.detail = detail;
    this.fatal = options.fatal ?? false;
  }
}

/** The wire's `error` message for a name and its details. */
export function errorMessage(error: ErrorName, detail: ErrorDetail = {}): ErrorBody {
  const { path, ...rest } = detail;
  const says = errorTexts[error];
  return {
    type: 'error',
    code: errors[error].code,
    error_code: error,
    error_message: path ? `${says} (${path})` : says,
    ...rest,
  };
}

export type ErrorBody = { type: 'error'; code: number; error_code: ErrorName; error_message: string } & Omit<
  ErrorDetail,
  'path'
>;
