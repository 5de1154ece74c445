import { type ErrorBody, type ErrorName, errors } from '@securechat/protocol';

/**
 * What can go wrong, one class per failure. Each says whether the same call may succeed later: then it is worth trying
 * again, else somebody has to do something first. A call that is given up through its `AbortSignal` fails with the
 * signal's reason instead.
 */
export abstract class SecureChatError extends Error {
  abstract readonly isRetryable: boolean;
}

/** The server answered with an error of the protocol. `error` is a name of its table, or one that is newer than this client. */
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

  /** How long the server asks to wait, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return this.answer.retry_after_ms;
  }
}

/** No server could be reached, or it did not answer the door in time. */
export class ServerUnreachable extends SecureChatError {
  override readonly name = 'ServerUnreachable';
  readonly isRetryable = true;
}

/** The connection ended before the answer came. Whether the request took effect is not known. */
export class ConnectionLost extends SecureChatError {
  override readonly name = 'ConnectionLost';
  readonly isRetryable = true;
}

/** No answer within the deadline, with all retries. Whether the request took effect is not known. */
export class RequestTimedOut extends SecureChatError {
  override readonly name = 'RequestTimedOut';
  readonly isRetryable = true;
}

/** More questions are on their way than can be kept. */
export class TooManyRequests extends SecureChatError {
  override readonly name = 'TooManyRequests';
  readonly isRetryable = true;
}

/** The connection was stopped, or has ended for good. */
export class NotConnected extends SecureChatError {
  override readonly name = 'NotConnected';
  readonly isRetryable = false;
}

/** What the server sent has no form that the protocol knows. */
export class ServerBrokeProtocol extends SecureChatError {
  override readonly name = 'ServerBrokeProtocol';
  readonly isRetryable = true;
}

export type NotGenuineReason =
  /** Its service key does not follow from the pinned one. Somebody has to look at that: it may be another server. */
  | 'unknown_service_key'
  /** The certificate of the gateway is not signed by the service key. */
  | 'not_certified'
  /** The certificate is not valid now: its time is over, or the clock of this device is wrong. */
  | 'not_valid_now'
  /** Somebody changed a hello on its way, or the gateway does not hold its key. */
  | 'not_proved';

/** The server could not prove that it is the one whose key is pinned. Nothing was sent to it but the hello. */
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

/** The login was refused: no such account or device, another key, or revoked. The server does not tell which. */
export class LoginRefused extends SecureChatError {
  override readonly name = 'LoginRefused';
  readonly isRetryable = false;
}

/** This device was revoked while it was connected: it is not served any more. */
export class DeviceRevoked extends SecureChatError {
  override readonly name = 'DeviceRevoked';
  readonly isRetryable = false;
}

/** A newer connection of this device took over: it runs somewhere else. */
export class DeviceReplaced extends SecureChatError {
  override readonly name = 'DeviceReplaced';
  readonly isRetryable = false;
}

/** The server does not speak this version of the protocol: the client has to be brought up to date. */
export class UpdateNeeded extends SecureChatError {
  override readonly name = 'UpdateNeeded';
  readonly isRetryable = false;
}

/** The server ended the connection for good, for another reason than those above. */
export class ConnectionRefused extends SecureChatError {
  override readonly name = 'ConnectionRefused';
  readonly isRetryable = false;
  /** The close code, 4500 to 4999. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The account key of a user is another than the one that is pinned. Nothing is sent until a person has looked at it. */
export class AccountKeyChanged extends SecureChatError {
  override readonly name = 'AccountKeyChanged';
  readonly isRetryable = false;
  readonly userId: string;

  constructor(userId: string) {
    super(`The account key of ${userId} is another than before`);
    this.userId = userId;
  }
}

/** The two devices do not see the same keys: somebody is between them, or one of the accounts is a new one. */
export class NotTheSame extends SecureChatError {
  override readonly name = 'NotTheSame';
  readonly isRetryable = false;
}

export type DeviceListFault =
  /** Not signed by the account key, as a whole or for one of its devices. */
  | 'bad_signature'
  | 'twice_the_same'
  /** The list of another user. */
  | 'not_theirs'
  /** An earlier version than one that was seen. */
  | 'older'
  /** Two lists of the same version, or one that does not go on from the one before: the account was split. */
  | 'forked';

/** A device list that no honest server sends. It has no effect. */
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

/** A code that was typed or scanned is none of ours: letters are wrong or missing, it is for somebody else, old, or newer than this client. */
export class CodeNotReadable extends SecureChatError {
  override readonly name = 'CodeNotReadable';
  readonly isRetryable = false;
  readonly because: 'garbled' | 'not_for_this' | 'expired' | 'newer';

  constructor(because: 'garbled' | 'not_for_this' | 'expired' | 'newer') {
    super(`The code cannot be used: ${because}`);
    this.because = because;
  }
}
