import { checkerOf, type Schema, type Static, Type } from '@securechat/protocol';
import { CommandFailed, exitCodes } from '../../failures.ts';
import { jsonIn } from '../json-in.ts';
import type { ApiCall } from './calls.ts';
import { type AdminAnswer, Unreachable } from './transport.ts';

/** The form of all refusals of auth; whatever has another was written by something in between. */
const Failure = Type.Object({
  error_code: Type.String(),
  error_message: Type.String(),
  advice: Type.Optional(Type.String()),
  retry_after_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  path: Type.Optional(Type.String()),
});
const checkFailure = checkerOf(Failure as Schema);

type Outcome = AdminAnswer | Unreachable;

/** The server is away for a moment, or has too much to do. */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export const isWorthRepeating = (outcome: Outcome): boolean =>
  outcome instanceof Unreachable ? outcome.isRetryable : LATER.has(outcome.status);

/** As long as the server says, and never less than a second for each attempt so far. */
export function waitAskedForMs(outcome: Outcome, attempts: number): number {
  const asked = outcome instanceof Unreachable ? 0 : (failureIn(outcome.text)?.retry_after_ms ?? 0);
  return Math.max(asked, attempts * 1_000);
}

/** What the person is told, and what to do next. */
export function refusalOf(outcome: Outcome, { scope }: ApiCall): CommandFailed {
  if (outcome instanceof Unreachable) {
    const exitCode = outcome.isRetryable ? exitCodes.later : exitCodes.danger;
    return new CommandFailed(outcome.message, outcome.advice, exitCode);
  }
  const { status, text } = outcome;
  const failure = failureIn(text);
  if (!failure)
    return new CommandFailed(
      `What answered with status ${status} is no auth`,
      'Is the address that of auth itself? A proxy lets /v1/admin through to nobody.',
      LATER.has(status) ? exitCodes.later : exitCodes.refused,
    );
  if (status === 401)
    return new CommandFailed('The key was not taken: it is unknown, over or revoked', makeKey(scope));
  if (status === 403) return new CommandFailed(`The key lacks the scope ${scope}`, makeKey(scope));
  const { error_code, error_message, advice, path, retry_after_ms } = failure;
  const what = `${error_message}${path === undefined ? '' : ` (${path})`}`;
  if (status === 404 && advice === undefined)
    return new CommandFailed(
      'This auth has no admin API, or is of another release',
      'It serves one when AUTH_ADMIN_TOKEN is set.',
    );
  if (LATER.has(status))
    return new CommandFailed(
      what,
      `Try again ${whenText(retry_after_ms)}; it has no second effect.`,
      exitCodes.later,
    );
  return new CommandFailed(what, advice ?? `The server calls it ${error_code}.`);
}

const makeKey = (scope: string): string =>
  `Make one where auth runs: \`securechat admin --compose api-key create NAME ${scope}\` (or --kubernetes, --local), and put it into SECURECHAT_ADMIN_KEY or the file of --key-file.`;

const whenText = (ms = 0): string => (ms > 1_000 ? `in ${Math.ceil(ms / 1_000)} s` : 'in a moment');

function failureIn(text: string): Static<typeof Failure> | undefined {
  const value = jsonIn(text);
  return checkFailure(value) ? undefined : (value as Static<typeof Failure>);
}
