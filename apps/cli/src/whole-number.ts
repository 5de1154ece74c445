import { UsageError } from './command.ts';

/** `what` is its name for the user, such as `--days`. */
export function wholeNumber(text: string, what: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${what} is a whole number from ${least} to ${most}.`);
}
