import { CommandFailed } from '../../failures.ts';

/** The words of `rest`; throws `usage` as advice when there are fewer than `least`. */
export function wordsOf(rest: string, least: number, usage: string): string[] {
  const words = rest.split(/\s+/).filter((word) => word !== '');
  if (words.length < least) throw new CommandFailed('An argument is missing.', usage);
  return words;
}
