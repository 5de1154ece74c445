import { AdminRefused } from './admin/refused.ts';

/** The words of a command say nothing that could be done. */
export class UsageError extends Error {}

/** Something outside of the command has to be mended first; the message says what. */
export class CannotDo extends Error {}

/** Prints what a command has to say. What its user can mend is told in a line, with exit code 1; a misuse with `usage` and 2. Throws anything else. */
export async function runCommand(usage: string, run: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${await run()}\n`);
  } catch (error) {
    const isMisuse =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    const isRefused = error instanceof AdminRefused;
    const isToldPlainly =
      error instanceof CannotDo || (error instanceof Error && error.name === 'ConfigError');
    if (!isMisuse && !isRefused && !isToldPlainly) throw error;
    process.stderr.write(
      `${isRefused ? error.advice : (error as Error).message}\n${isMisuse ? `${usage}\n` : ''}`,
    );
    process.exitCode = isMisuse ? 2 : 1;
  }
}
