import { type ErrorBody, type ErrorName, errors } from '@securechat/protocol';

/**
 * Base of all SDK errors, one class per failure. `isRetryable`: the same call may succeed later; otherwise somebody has to act first. A
 * call cancelled through its `AbortSignal` rejects with the signal's reason instead.
 */
export abstract class SecureChatError extends Error {
  abstract readonly isRetryable: boolean;
}

/** The server refused the request. `error` is a name from the protocol's error table, possibly one newer than this client. */
export class ServerRefused extends SecureChatError {
  override readonly name = 'ServerRefused';
  readonly error: ErrorName | (string & {});
  readonly answer: Omit<ErrorBody, 'error_code'>;
  readonly isRetryable: boolean;

  constructor(answer: Omit<ErrorBody, 'error_code'> & { error_code: string }) {
    super(`${answer.error_message} (${answer.error_code}, ${answer.code})`);
    this.error = answer.error_code;
    this.answer = answer;
    this.isRetryable = errors[answer.error_code as ErrorName]?.retry === 'later';
  }

  /** How long the server asks to wait, in ms. */
  get retryAfterMs(): number | undefined {
    return this.answer.retry_after_ms;
  }
}

/** No server was reachable, or an HTTP request was not answered in time. Retry later. */
export class ServerUnreachable extends SecureChatError {
  override readonly name = 'ServerUnreachable';
  readonly isRetryable = true;
}

/** The connection ended before the answer arrived. The request may have taken effect. */
export class ConnectionLost extends SecureChatError {
  override readonly name = 'ConnectionLost';
  readonly isRetryable = true;
}

/** No answer within the deadline, retries included. The request may have taken effect; an operation on a conversation stays queued. */
export class RequestTimedOut extends SecureChatError {
  override readonly name = 'RequestTimedOut';
  readonly isRetryable = true;
}

/** Too many requests are pending; retry when some have been answered. */
export class TooManyRequests extends SecureChatError {
  override readonly name = 'TooManyRequests';
  readonly isRetryable = true;
}

/** The client has no connection and will not get one: not connected yet, closed, or `ended`; the cause, if any, says why. */
export class NotConnected extends SecureChatError {
  override readonly name = 'NotConnected';
  readonly isRetryable = false;
}

/** The server sent something that does not conform to the protocol. */
export class ServerBrokeProtocol extends SecureChatError {
  override readonly name = 'ServerBrokeProtocol';
  readonly isRetryable = true;
}

export type NotGenuineReason =
  /** Its service key does not follow from the pinned one. Needs a person's attention: it may be a different server. */
  | 'unknown_service_key'
  /** The gateway's certificate is not signed by the service key. */
  | 'not_certified'
  /** The certificate is expired or not valid yet, or this device's clock is wrong. */
  | 'not_valid_now'
  /** A hello was changed in transit, or the gateway does not hold its key. */
  | 'not_proved';

/** The server could not prove that it holds the pinned service key; `because` says how. Only the hello was sent to it. */
export class ServerNotGenuine extends SecureChatError {
  override readonly name = 'ServerNotGenuine';
  readonly because: NotGenuineReason;
  readonly isRetryable: boolean;

  constructor(because: NotGenuineReason) {
    super(`The server could not prove itself: ${because}`);
    this.because = because;
    this.isRetryable = because !== 'unknown_service_key';
  }
}

/** Login refused: unknown account or device, wrong key, or revoked; the server does not say which. Link or recover into a new store. */
export class LoginRefused extends SecureChatError {
  override readonly name = 'LoginRefused';
  readonly isRetryable = false;
}

/** This device was revoked while connected, and is no longer served. Link or recover into a new store. */
export class DeviceRevoked extends SecureChatError {
  override readonly name = 'DeviceRevoked';
  readonly isRetryable = false;
}

/** A newer connection of this device replaced this one: the same store or keys are in use elsewhere. */
export class DeviceReplaced extends SecureChatError {
  override readonly name = 'DeviceReplaced';
  readonly isRetryable = false;
}

/** The server does not support this protocol version: update the client. */
export class UpdateNeeded extends SecureChatError {
  override readonly name = 'UpdateNeeded';
  readonly isRetryable = false;
}

/** The server closed the connection for good, for a reason that has no class of its own. */
export class ConnectionRefused extends SecureChatError {
  override readonly name = 'ConnectionRefused';
  readonly isRetryable = false;
  /** WebSocket close code, 4500 to 4999. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A user's account key differs from the pinned one. Nothing is sent to them until a person has checked `identity` and called `acceptKeyChange`. */
export class AccountKeyChanged extends SecureChatError {
  override readonly name = 'AccountKeyChanged';
  readonly isRetryable = false;
  readonly userId: string;

  constructor(userId: string) {
    super(`The account key of ${userId} has changed`);
    this.userId = userId;
  }
}

/** The keys being compared differ: somebody is intercepting, or one of the accounts is new. Do not trust them. */
export class NotTheSame extends SecureChatError {
  override readonly name = 'NotTheSame';
  readonly isRetryable = false;
}

export type DeviceListFault =
  /** The list, or one of its devices, is not signed by the account key. */
  | 'bad_signature'
  | 'twice_the_same'
  /** A different user's list. */
  | 'not_theirs'
  /** An older version than one already seen. */
  | 'older'
  /** Two different lists of one version, or one that does not follow its predecessor: the account was forked. */
  | 'forked';

/** The server sent a device list that no honest server sends. It is ignored; report it. */
export class DeviceListRefused extends SecureChatError {
  override readonly name = 'DeviceListRefused';
  readonly isRetryable = false;
  readonly because: DeviceListFault;
  readonly userId: string;

  constructor(because: DeviceListFault, userId: string) {
    super(`The device list of ${userId} is refused: ${because}`);
    this.because = because;
    this.userId = userId;
  }
}

/** A typed or scanned code is unusable: `garbled`, `not_for_this` purpose or person, `expired`, or made by a `newer` version. */
export class CodeNotReadable extends SecureChatError {
  override readonly name = 'CodeNotReadable';
  readonly isRetryable = false;
  readonly because: 'garbled' | 'not_for_this' | 'expired' | 'newer';

  constructor(because: 'garbled' | 'not_for_this' | 'expired' | 'newer') {
    super(`The code cannot be used: ${because}`);
    this.because = because;
  }
}

/** The server or the network is away for now: the client comes back by itself, and a person cannot do anything about it. */
export const isAbsence = (error: SecureChatError): boolean =>
  error instanceof ServerUnreachable || error instanceof ConnectionLost || error instanceof RequestTimedOut;
