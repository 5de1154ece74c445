import { ConfigError } from './config.ts';
import { classify, DeadlineError, isConnectionLoss, isError, messageOf, sqlState } from './errors.ts';

/** The command's arguments make no sense. */
export class UsageError extends Error {}

/** Something outside the command must be fixed first; the message says what. */
export class CannotDo extends Error {}

/** What Postgres reports for a wrong address, name or password, or before the migrations have run. */
const NOT_AS_IT_IS: Readonly<Record<string, string>> = {
  '28000': 'See the user in POSTGRES_URL.',
  '28P01': 'See the user and the password in POSTGRES_URL.',
  '3D000': 'See the name of the database in POSTGRES_URL.',
  '3F000': 'Run the migrations first, or see POSTGRES_URL: this may be another database.',
  '42P01': 'Run the migrations first, or see POSTGRES_URL: this may be another database.',
  '42501': 'The user in POSTGRES_URL may not do this; that of the owner of the tables may.',
};
const AWAY =
  'What this needs does not answer. See that it runs and is where POSTGRES_URL and REDIS_URL say, then try again.';
const MAY_PASS = 'That may pass: try again.';

/**
 * A program that an operator runs by hand; prints its result. Wrong arguments or a wrong environment exit with 2, the
 * former also printing `usage`; what cannot be done now, also because Postgres or Redis is down, exits with 1.
 * Anything else is thrown: a bug of ours, shown with its stack.
 */
export async function runCommand(usage: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    const said = await run();
    if (said !== undefined) process.stdout.write(`${said}\n`);
  } catch (error) {
    if (isWrongWords(error)) end(2, `${error.message}\n${usage}`);
    else if (error instanceof ConfigError) end(2, error.message);
    else if (error instanceof CannotDo) end(1, error.message);
    else if (remedyFor(error) !== undefined) end(1, `${messageOf(error)}. ${remedyFor(error)}`);
    else throw error;
  }
}

function remedyFor(error: unknown): string | undefined {
  const state = sqlState(error) ?? '';
  if (isConnectionLoss(error) || error instanceof DeadlineError || /^(08|57P)/.test(state)) return AWAY;
  return classify(error) === 'retryable' ? MAY_PASS : NOT_AS_IT_IS[state];
}

/** The one remaining argument. */
export function oneWord(name: string, [word, ...more]: readonly string[]): string {
  if (word === undefined || more.length > 0) throw new UsageError(`One ${name} is needed, and nothing else.`);
  return word;
}

export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`There is nothing to be done with ${words.join(' ')}.`);
}

function isWrongWords(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return isError(error) && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function end(exitCode: number, text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
