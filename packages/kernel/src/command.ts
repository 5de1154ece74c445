import { ConfigError } from './config.ts';
import { isError } from './errors.ts';

/** The words of a command say nothing that could be done. */
export class UsageError extends Error {}

/** Something outside of the command has to be mended first; the message says what. */
export class CannotDo extends Error {}

/**
 * A program that an operator starts by hand: prints what it has to say. Words or an environment that make no sense are told with exit code 2, the words with
 * `usage`; what cannot be done now with 1. Throws anything else: that is a fault of ours, and has a stack.
 */
export async function runCommand(usage: string, run: () => Promise<string | undefined>): Promise<void> {
  try {
    const said = await run();
    if (said !== undefined) process.stdout.write(`${said}\n`);
  } catch (error) {
    if (isWrongWords(error)) end(2, `${error.message}\n${usage}`);
    else if (error instanceof ConfigError) end(2, error.message);
    else if (error instanceof CannotDo) end(1, error.message);
    else throw error;
  }
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
