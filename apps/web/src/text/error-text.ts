import { CodeNotReadable, SecureChatError, ServerNotGenuine, ServerRefused } from '@securechat/client';

/** By error class; other errors show their own message. */
const BY_CLASS: Record<string, string> = {
  ServerUnreachable: 'The server cannot be reached. Check the connection and try again.',
  ConnectionLost: 'The connection was lost before the server answered. Try again.',
  RequestTimedOut: 'The server did not answer in time. Try again.',
  NotConnected: 'This needs a connection, and there is none.',
  ServerNotGenuine:
    'The server could not prove that it is the one this account was made on. Nothing was sent to it. Check the clock of this device, and ask the operator of the server.',
  LoginRefused: 'The server refused this device: the account is gone, or this device was removed.',
  DeviceRevoked: 'This device was removed from the account.',
  DeviceReplaced: 'This device is connected from somewhere else, perhaps a copy of this browser.',
  UpdateNeeded: 'This page is too old for the server. Reload it.',
  AccountKeyChanged: 'This person has new keys. Check them before anything is sent.',
  AccountKeyNotHere:
    'The account key has not arrived on this device yet. Wait until it has caught up, then try again.',
  HistoryNotReadable: 'The file cannot be read: the passphrase is wrong, or it is not a history.',
  NotTheSame: 'The keys are not the same. Do not trust this connection before you know why.',
  OutboxFull: 'Too much is waiting to be sent. Wait until there is a connection.',
  BadContent:
    'This cannot be sent: a message has 1 to 24,000 characters; send longer text in parts or as a file. A reaction is one emoji.',
  LinkRefused: 'This link is no longer valid. Ask for another one.',
  StoreFull: 'There is no space left on this device. Nothing was saved.',
  FileNotGenuine: 'This is not the file that was sent: it was changed at the server or in transit.',
  ServerRefused: 'The server refused it.',
  StoreFailed: 'This browser could not read or write its stored data. Reload the page.',
};

/** By the server's error name. */
const BY_ANSWER: Record<string, string> = {
  PERMISSION_DENIED: 'The server does not allow this.',
  INVALID_MESSAGE_FORMAT:
    'The server does not accept this. A user name has up to 64 of the letters A to Z and a to z, digits, _ and -, and does not begin with c_.',
  ACCOUNT_CONFLICT: 'This name is taken. Choose another one.',
  AUTHENTICATION_FAILED: 'The server does not know this account.',
  TIMESTAMP_OUT_OF_WINDOW: 'The clock of this device is wrong. Correct it and try again.',
  STORAGE_FULL:
    'There is no space left for your files at the server. Delete some, or wait until they expire.',
  USER_NOT_FOUND: 'Nobody has this name here.',
  SERVER_UNAVAILABLE: 'The server is busy or under maintenance. Try again in a moment.',
};

/** Far more likely than interception: the server proved itself, but for a different time. */
const WRONG_CLOCK =
  'The clock of this device is wrong: correct it, and this page reconnects by itself. If it is right, tell the operator of the server.';

/** For codes and links. */
const BY_CODE: Record<CodeNotReadable['because'], string> = {
  garbled: 'This code is incomplete. Copy it again.',
  not_for_this:
    'This code is incomplete, or is for another purpose or account. Check which one is needed here.',
  expired: 'This code has expired, or a newer one has replaced it. Start again on both devices.',
  newer: 'This comes from a newer version. Reload this page.',
};

export function errorText(error: unknown): string {
  if (error instanceof ServerNotGenuine && error.because === 'not_valid_now') return WRONG_CLOCK;
  if (error instanceof CodeNotReadable) return BY_CODE[error.because];
  if (error instanceof ServerRefused) {
    if (error.error === 'RATE_LIMITED') return rateLimitText(error.retryAfterMs);
    return BY_ANSWER[error.error] ?? error.message;
  }
  if (!(error instanceof SecureChatError)) return error instanceof Error ? error.message : String(error);
  // the reason for a refused login says less than that it was a login
  const isSaidByCause = error.cause instanceof ServerRefused && error.name !== 'LoginRefused';
  return isSaidByCause ? errorText(error.cause) : (BY_CLASS[error.name] ?? error.message);
}

/** Where an error means something different for a message than for a request. */
const OF_MESSAGES: Record<string, string> = {
  PERMISSION_DENIED: 'This person does not accept messages from you, or you are no longer a member.',
};

/** Why a message was not sent, by its `failure`. */
export function failureText(failure: string | undefined): string {
  if (failure === undefined) return 'Not sent.';
  const why = OF_MESSAGES[failure] ?? BY_CLASS[failure] ?? BY_ANSWER[failure];
  return why === undefined ? `Not sent (${failure}).` : `Not sent. ${why}`;
}

function rateLimitText(waitMs: number | undefined): string {
  if (waitMs === undefined) return 'Too much at once. Wait a moment and try again.';
  return `Too much at once. Try again in ${Math.ceil(waitMs / 1_000)} s.`;
}
