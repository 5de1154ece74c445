import { SecureChatError, ServerNotGenuine, ServerRefused } from '@securechat/client';
import { UsageError } from './command.ts';

/** The process's exit codes, the same for every command; documented in docs/cli.md. */
export const exitCodes = {
  done: 0,
  /** A bug in this program, or a fault of its machine. */
  fault: 1,
  usage: 2,
  /** The same command may succeed later. */
  later: 3,
  /** It will not succeed until somebody acts; the text says how. */
  refused: 4,
  /** Somebody may be intercepting: a person has to look. */
  danger: 5,
} as const;

/** An expected failure; `advice` says what to do next. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly advice: string;
  readonly exitCode: number;

  constructor(message: string, advice: string, exitCode: number = exitCodes.refused) {
    super(message);
    this.advice = advice;
    this.exitCode = exitCode;
  }
}

/** By the error's class name. */
const adviceFor: Readonly<Record<string, string>> = {
  NoAccountHere:
    'Create one with `securechat signup NAME`, or link this device to yours with `securechat link CODE` (without CODE if that was interrupted). --home selects another folder.',
  AccountKeyNotHere: 'Keep this device connected for a moment while the one that approved it is online too.',
  StoreInUse: 'Another securechat process has this folder open: end it, or use another folder with --home.',
  StoreFull: 'Free some disk space, then try again.',
  StoreFailed: 'Check the disk that holds the folder; `securechat doctor` shows the folder.',
  ServerUnreachable:
    'Is the server running, and is the address right? `securechat doctor` checks each step. If it has moved: `securechat follow --server URL`.',
  ConnectionLost: 'Try again; what was written is kept.',
  RequestTimedOut: 'Try again; `securechat doctor` checks each step.',
  ServerNotGenuine:
    'Do not go on: this may be a different server. Ask its operator for the key, and compare.',
  LoginRefused:
    'This device may have been revoked. Link it again from another device, or use the recovery code.',
  DeviceRevoked:
    'Link it again from another device: run `securechat link-code` there. You can still export what is here.',
  DeviceReplaced: 'The same account folder is in use somewhere else. End that process first.',
  UpdateNeeded: 'Update this program.',
  AccountKeyChanged:
    'Compare safety numbers: `securechat verify USER`; then `securechat verify USER --accept-change`.',
  DeviceListRefused: 'Nothing was sent. Tell the operator of the server: it shows false devices.',
  CodeNotReadable:
    'Type it again, or start again with `securechat link-code`: that code is valid for ten minutes, the reply to it for five.',
  HistoryNotReadable: 'Check the passphrase, and that the file is an export of this account.',
  AnotherAccount:
    'Do not go on: the server shows a different account than your device does. Tell its operator.',
  NotTheSame: 'Somebody may be intercepting, or one of you has a new account. Meet, and scan again.',
  LinkRefused: 'Ask for another link: this one has expired, is used up, or was revoked.',
  OutboxFull: 'Stay connected until something has been sent.',
  BadContent:
    'A text has 1 to 24,000 characters; send more than that as a file: `securechat send-file`. A reaction is one emoji.',
};

/** By the protocol's error name, where the server's own text is not enough. */
const adviceForRefusal: Readonly<Record<string, string>> = {
  USER_NOT_FOUND: 'Check the name: upper and lower case differ.',
  PERMISSION_DENIED: 'Only owners and admins of the group may do this; or the other user has blocked you.',
  LAST_OWNER: 'Make somebody else an owner first: /role USER owner, in scripts `securechat group role`.',
  RATE_LIMITED: 'Wait a minute, then try again.',
  SERVER_UNAVAILABLE: 'Try again in a moment.',
  NETWORK_TIMEOUT: 'Try again in a moment.',
  TIMESTAMP_OUT_OF_WINDOW: 'Set the clock of this machine.',
  STORAGE_FULL: 'Free some space: `securechat files`, then `securechat remove-file FILE`.',
  AUTHENTICATION_FAILED: 'Check the recovery code and the name.',
};

/** For own messages, where the same name has a different meaning than for commands. */
const reasons: Readonly<Record<string, string>> = {
  PERMISSION_DENIED: 'they do not accept messages from you, or you are no longer a member',
};

/** Why an own message was not sent, given its `failure`. */
export const whyNotSent = (name: string): string =>
  reasons[name] ?? adviceForRefusal[name] ?? adviceFor[name] ?? name;

/** One of the two clocks is wrong, which is more likely than interception. */
const isClock = (error: unknown): boolean =>
  error instanceof ServerNotGenuine && error.because === 'not_valid_now';

const clockAdvice =
  'Set the clock of this machine. If it is right, tell the operator of the server: nothing was sent to it.';

const dangers = new Set([
  'ServerNotGenuine',
  'AccountKeyChanged',
  'DeviceListRefused',
  'AnotherAccount',
  'NotTheSame',
]);

export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (error instanceof UsageError) return { text: error.message, exitCode: exitCodes.usage };
  if (error instanceof CommandFailed)
    return { text: `${error.message}\n${error.advice}`, exitCode: error.exitCode };
  if (error instanceof SecureChatError) {
    // the reason for a refused login says less than that it was a login
    const isLogin = error.name === 'LoginRefused';
    const refusal = isLogin ? undefined : [error, error.cause].find((each) => each instanceof ServerRefused);
    const known = refusal ? adviceForRefusal[refusal.error] : adviceFor[error.name];
    const advice = isClock(error) ? clockAdvice : known;
    const what = `${error.message}${underlying(error)}`;
    return { text: advice ? `${what}\n${advice}` : what, exitCode: codeOf(error) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `This should not happen:\n${text}`, exitCode: exitCodes.fault };
}

/** As Node's `fetch` and sockets chain causes; when all addresses of a name fail, there is only a code. */
type Cause = { readonly message?: string; readonly code?: string; readonly cause?: Cause };

/** The system's reason why a server is unreachable, such as an expired certificate or an unknown name. */
function underlying(error: SecureChatError): string {
  if (error.name !== 'ServerUnreachable') return '';
  let cause = error.cause as Cause | undefined;
  while (cause?.cause) cause = cause.cause;
  const why = cause?.message || cause?.code;
  return why ? `: ${why}` : '';
}

/** The error in one line. */
export const shortFailure = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The error and what to do next. */
export function adviceOf(error: unknown): string {
  const [what = '', ...advice] = describeFailure(error).text.split('\n');
  return [what.replace(/\.?$/, '.'), ...advice.slice(0, 1)].join(' ');
}

function codeOf(error: SecureChatError): number {
  if (isClock(error)) return exitCodes.refused;
  if (dangers.has(error.name)) return exitCodes.danger;
  return error.isRetryable ? exitCodes.later : exitCodes.refused;
}
