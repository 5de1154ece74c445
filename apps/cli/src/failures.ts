import { SecureChatError, ServerNotGenuine, ServerRefused } from '@securechat/client';
import { UsageError } from './command.ts';

/** Of the process; they are the same in every command, and documented in docs/cli.md. */
export const exitCodes = {
  done: 0,
  /** A fault of this program, or of the machine it runs on. */
  fault: 1,
  usage: 2,
  /** The same command may succeed later. */
  later: 3,
  /** It will not succeed before somebody has done something; the text says what. */
  refused: 4,
  /** Somebody may be listening in: a person has to look. */
  danger: 5,
} as const;

/** Something of ours cannot be done; `advice` says what to do next. */
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

/** By the name of the error's class. */
const adviceFor: Readonly<Record<string, string>> = {
  NoAccountHere:
    'Make one: `securechat signup NAME`; or bring yours here: `securechat link CODE`. --home names another folder.',
  AccountKeyNotHere: 'Leave this device connected for a moment while the one that approved it is online too.',
  StoreInUse: 'Another securechat has this folder open: end it, or name another folder with --home.',
  StoreFull: 'Make room on the disk, then try again.',
  StoreFailed: 'Check the folder and its disk; `securechat doctor` shows which folder it is.',
  ServerUnreachable:
    'Is the server running, and is the address right? `securechat doctor` looks at each step.',
  ConnectionLost: 'Try again; what was written is kept.',
  RequestTimedOut: 'Try again; `securechat doctor` looks at each step.',
  ServerNotGenuine: 'Do not go on: this may be another server. Ask its operator for the key, and compare.',
  LoginRefused: 'This device may have been revoked. Link it anew from another one, or use the recovery code.',
  DeviceRevoked:
    'Link it anew from another device: `securechat link-code` there. What is here can be exported.',
  DeviceReplaced: 'The same folder runs somewhere else. End that one first.',
  UpdateNeeded: 'Bring this program up to date.',
  AccountKeyChanged:
    'Compare safety numbers: `securechat verify USER`; then `securechat verify USER --accept-change`.',
  DeviceListRefused: 'Nothing was sent. Tell the operator of the server: somebody shows false devices.',
  CodeNotReadable:
    'Type it again, or begin anew with `securechat link-code`: that code is good for ten minutes, the answer to it for five.',
  HistoryNotReadable: 'Check the passphrase, and that the file is an export of this account.',
  AnotherAccount: 'Do not go on: the server shows another account than your device. Tell its operator.',
  NotTheSame: 'Somebody may be between you, or one of you has a new account. Meet, and scan again.',
  LinkRefused: 'Ask for another link: this one is over, used up or taken back.',
  OutboxFull: 'Stay connected until something has been sent.',
  BadContent:
    'A text has 1 to 24,000 characters; send more than that as a file: `securechat send-file`. A reaction is one emoji.',
};

/** Of what the server refused, by the protocol's name of the error; where its own words are not advice enough. */
const adviceForRefusal: Readonly<Record<string, string>> = {
  USER_NOT_FOUND: 'Check the name: big and small letters are not the same.',
  PERMISSION_DENIED: 'It takes an owner or an admin of the group, or the other has blocked you.',
  LAST_OWNER: 'Make another one owner: /role USER owner, in scripts `securechat group role`. Then leave.',
  RATE_LIMITED: 'Wait a minute, then try again.',
  SERVER_UNAVAILABLE: 'Try again in a moment.',
  NETWORK_TIMEOUT: 'Try again in a moment.',
  TIMESTAMP_OUT_OF_WINDOW: 'Set the clock of this machine.',
  STORAGE_FULL: 'Make room: `securechat files`, then `securechat remove-file FILE`.',
  AUTHENTICATION_FAILED: 'Check the recovery code and the name.',
};

/** Of own messages, where the same name means something else than for what is asked for. */
const reasons: Readonly<Record<string, string>> = {
  PERMISSION_DENIED: 'they take no messages from you, or you are no member any more',
};

/** Why an own message was not sent, by the name that it carries. */
export const whyNotSent = (name: string): string =>
  reasons[name] ?? adviceForRefusal[name] ?? adviceFor[name] ?? name;

/** The clock of one of the two is wrong, which is more likely than that somebody is in between. */
const isClock = (error: unknown): boolean =>
  error instanceof ServerNotGenuine && error.because === 'not_valid_now';

const clockAdvice =
  'Set the clock of this machine. If it is right, tell the operator of the server: nothing was sent to it.';

/** There is no server, or no network to it, for now: nothing that a person who only talks could mend. */
export const isAbsence = ({ name }: SecureChatError): boolean =>
  name === 'ServerUnreachable' || name === 'ConnectionLost' || name === 'RequestTimedOut';

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
    // what a login is refused for says less than that it was one
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

/** As `fetch` and sockets of Node chain them; where all addresses of a name have failed, there is a code alone. */
type Cause = { readonly message?: string; readonly code?: string; readonly cause?: Cause };

/** Why a server cannot be reached, as the machine says it: a certificate that has expired, a name that is none. */
function underlying(error: SecureChatError): string {
  if (error.name !== 'ServerUnreachable') return '';
  let cause = error.cause as Cause | undefined;
  while (cause?.cause) cause = cause.cause;
  const why = cause?.message || cause?.code;
  return why ? `: ${why}` : '';
}

/** What went wrong, in one line. */
export const shortFailure = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The same with what to do next. */
export function adviceOf(error: unknown): string {
  const [what = '', ...advice] = describeFailure(error).text.split('\n');
  return [what.replace(/\.?$/, '.'), ...advice.slice(0, 1)].join(' ');
}

function codeOf(error: SecureChatError): number {
  if (isClock(error)) return exitCodes.refused;
  if (dangers.has(error.name)) return exitCodes.danger;
  return error.isRetryable ? exitCodes.later : exitCodes.refused;
}
