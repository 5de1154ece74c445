import { checkerOf, type Schema, type Static, Type } from '@securechat/protocol';
import { CommandFailed, exitCodes } from '../../failures.ts';
import { jsonIn } from '../json-in.ts';
import type { ApiCall } from './calls.ts';
import { type AdminAnswer, Unreachable } from './transport.ts';

/** The form of all error answers of auth; any other was written by something in between. */
const Failure = Type.Object({
  error_code: Type.String(),
  error_message: Type.String(),
  advice: Type.Optional(Type.String()),
  retry_after_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  path: Type.Optional(Type.String()),
});
const checkFailure = checkerOf(Failure as Schema);

type Outcome = AdminAnswer | Unreachable;

/** The server is unavailable for a moment, or overloaded. */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export const isWorthRepeating = (outcome: Outcome): boolean =>
  outcome instanceof Unreachable ? outcome.isRetryable : LATER.has(outcome.status);

/** The delay the server asks for, but at least a second per attempt so far. */
export function waitAskedForMs(outcome: Outcome, attempts: number): number {
  const asked = outcome instanceof Unreachable ? 0 : (failureIn(outcome.text)?.retry_after_ms ?? 0);
  return Math.max(asked, attempts * 1_000);
}

/** The message for the person, and what to do next. */
export function refusalOf(outcome: Outcome, { scope }: ApiCall): CommandFailed {
  if (outcome instanceof Unreachable) {
    const exitCode = outcome.isRetryable ? exitCodes.later : exitCodes.danger;
    return new CommandFailed(outcome.message, outcome.advice, exitCode);
  }
  const { status, text } = outcome;
  const failure = failureIn(text);
  if (!failure)
    return new CommandFailed(
      `The server that answered with status ${status} is not auth`,
      'Is this the address of auth itself? The proxy does not forward /v1/admin.',
      LATER.has(status) ? exitCodes.later : exitCodes.refused,
    );
  if (status === 401)
    return new CommandFailed('The key was refused: it is unknown, expired or revoked', makeKey(scope));
  if (status === 403) return new CommandFailed(`The key lacks the scope ${scope}`, makeKey(scope));
  const { error_code, error_message, advice, path, retry_after_ms } = failure;
  const what = `${error_message}${path === undefined ? '' : ` (${path})`}`;
  if (status === 404 && advice === undefined)
    return new CommandFailed(
      'This auth serves no admin API, or is a different release',
      'It serves one when AUTH_ADMIN_TOKEN is set.',
    );
  if (LATER.has(status))
    return new CommandFailed(
      what,
      `Try again ${whenText(retry_after_ms)}; repeating it is safe.`,
      exitCodes.later,
    );
  return new CommandFailed(what, advice ?? `The server calls it ${error_code}.`);
}

const makeKey = (scope: string): string =>
  `Create one where auth runs: \`securechat admin --compose api-key create NAME ${scope}\` (or --kubernetes, --local), and put it into SECURECHAT_ADMIN_KEY or the file of --key-file.`;

const whenText = (ms = 0): string => (ms > 1_000 ? `in ${Math.ceil(ms / 1_000)} s` : 'in a moment');

function failureIn(text: string): Static<typeof Failure> | undefined {
  const value = jsonIn(text);
  return checkFailure(value) ? undefined : (value as Static<typeof Failure>);
}
