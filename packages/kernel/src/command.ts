import { ConfigError } from './config.ts';
import { classify, DeadlineError, isConnectionLoss, isError, messageOf, sqlState } from './errors.ts';

/** The words of a command say nothing that could be done. */
export class UsageError extends Error {}

/** Something outside of the command has to be mended first; the message says what. */
export class CannotDo extends Error {}

/** What Postgres says to whoever was led to it by the wrong address, name or password, or before its tables were made. */
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
 * A program that an operator starts by hand: prints what it has to say. Words or an environment that make no sense are told with exit code 2, the words with
 * `usage`; what cannot be done now, also because Postgres or Redis is away, with 1. Throws anything else: that is a fault of ours, and has a stack.
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

/** The one word that is still to come. */
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
