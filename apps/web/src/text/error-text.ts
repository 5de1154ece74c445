import { CodeNotReadable, SecureChatError, ServerNotGenuine, ServerRefused } from '@securechat/client';

/** By class; what is not here says itself what it is. */
const BY_CLASS: Record<string, string> = {
  ServerUnreachable: 'The server cannot be reached. Check the connection and try again.',
  ConnectionLost: 'The connection was lost before the server answered. Try again.',
  RequestTimedOut: 'The server did not answer in time. Try again.',
  NotConnected: 'This needs a connection, and there is none.',
  ServerNotGenuine:
    'The server could not prove that it is the one this account was made on. Nothing was sent to it. Check the clock of this device, and ask whoever runs the server.',
  LoginRefused: 'The server does not let this device in: the account is gone, or this device was removed.',
  DeviceRevoked: 'This device was removed from the account.',
  DeviceReplaced: 'This device is connected from somewhere else, perhaps a copy of this browser.',
  UpdateNeeded: 'This page is too old for the server. Load it anew.',
  AccountKeyChanged: 'This person has new keys. Look at them before anything is sent.',
  AccountKeyNotHere:
    'The account key has not come to this device yet. Wait until it has caught up, then try again.',
  HistoryNotReadable: 'The file cannot be read: another passphrase, or not a history.',
  NotTheSame: 'These are not the same keys. Do not trust this connection before you know why.',
  OutboxFull: 'Too much is waiting to be sent. Wait until there is a connection.',
  BadContent:
    'This cannot be sent: a message has 1 to 24,000 characters, what is longer goes in parts or as a file; and a reaction is one emoji.',
  LinkRefused: 'Nobody comes in by this link any more. Ask for another one.',
  StoreFull: 'There is no room left on this device. Nothing was written.',
  FileNotGenuine: 'What came is not the file that was sent: the server or the line has changed it.',
  ServerRefused: 'The server refused it.',
  StoreFailed: 'This browser could not read or write what it stores. Load the page anew.',
};

/** By the name of the server's error. */
const BY_ANSWER: Record<string, string> = {
  PERMISSION_DENIED: 'The server does not allow this.',
  INVALID_MESSAGE_FORMAT:
    'The server does not take it like this. A user name has up to 64 of the letters A to Z and a to z, digits, _ and -, and does not begin with c_.',
  ACCOUNT_CONFLICT: 'This name is taken. Choose another one.',
  AUTHENTICATION_FAILED: 'The server does not know this account.',
  TIMESTAMP_OUT_OF_WINDOW: 'The clock of this device is wrong. Set it and try again.',
  STORAGE_FULL: 'There is no room left for your files at the server. Delete some, or wait until they expire.',
  USER_NOT_FOUND: 'Nobody has this name here.',
  SERVER_UNAVAILABLE: 'The server is busy or being repaired. Try again in a moment.',
};

/** Far more often than somebody in between: the server has proved itself, for a time that is not now. */
const WRONG_CLOCK =
  'The clock of this device is wrong: set it, and the rest follows by itself. If it is right, tell whoever runs the server.';

/** Of codes and links. */
const BY_CODE: Record<CodeNotReadable['because'], string> = {
  garbled: 'This code is not complete. Copy it once more.',
  not_for_this:
    'This code is not complete, or it is of another kind or account. Look which one is asked for here.',
  expired: 'This code is too old, or a newer one has taken its place. Begin anew on both devices.',
  newer: 'This comes from a newer version. Load this page anew.',
};

/** There is no server, or no way to it, for now: the line about the connection says that. */
export function isAbsence(error: SecureChatError): boolean {
  return ['ServerUnreachable', 'ConnectionLost', 'RequestTimedOut'].includes(error.name);
}

export function errorText(error: unknown): string {
  if (error instanceof ServerNotGenuine && error.because === 'not_valid_now') return WRONG_CLOCK;
  if (error instanceof CodeNotReadable) return BY_CODE[error.because];
  if (error instanceof ServerRefused) {
    if (error.error === 'RATE_LIMITED') return rateLimitText(error.retryAfterMs);
    return BY_ANSWER[error.error] ?? error.message;
  }
  if (!(error instanceof SecureChatError)) return error instanceof Error ? error.message : String(error);
  // what a login is refused for says less than that it was one
  const isSaidByCause = error.cause instanceof ServerRefused && error.name !== 'LoginRefused';
  return isSaidByCause ? errorText(error.cause) : (BY_CLASS[error.name] ?? error.message);
}

/** Where the same answer means something else for a message than for what is asked for. */
const OF_MESSAGES: Record<string, string> = {
  PERMISSION_DENIED: 'This person takes no messages from you, or you are no member any more.',
};

/** Why a message was not sent, by the name that it carries. */
export function failureText(failure: string | undefined): string {
  if (failure === undefined) return 'Not sent.';
  const why = OF_MESSAGES[failure] ?? BY_CLASS[failure] ?? BY_ANSWER[failure];
  return why === undefined ? `Not sent (${failure}).` : `Not sent. ${why}`;
}

function rateLimitText(waitMs: number | undefined): string {
  if (waitMs === undefined) return 'Too much at once. Wait a moment and try again.';
  return `Too much at once. Try again in ${Math.ceil(waitMs / 1_000)} s.`;
}
