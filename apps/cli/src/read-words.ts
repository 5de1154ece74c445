import { parseArgs } from 'node:util';
import { type Described, type Options, UsageError, type Words } from './command.ts';

/**
 * All options start with two hyphens, so a word with one hyphen is a name: ids may start with one. A mark that no argument can contain
 * hides it from `parseArgs`, which would read it as single-letter options.
 */
const MARK = '\0';
const marked = (word: string): string => (/^-[^-]/.test(word) ? `${MARK}${word}` : word);
const unmarked = (word: string): string => (word.startsWith(MARK) ? word.slice(MARK.length) : word);

/** The parsed words after `name`, or `help` if that was requested. The options `everywhere` work with each command. */
export function readWords(
  name: string,
  { usage, takes: [least, most], options }: Described,
  everywhere: Options,
  argv: readonly string[],
): Words | 'help' {
  const words = argv.map((word) => (word === '-h' ? '--help' : marked(word)));
  const { positionals, values: given } = parsed(name, words, { ...everywhere, ...options });
  const args = positionals.map(unmarked);
  if (given.help) return 'help';
  if (args.length < least || args.length > most) throw misuse(name, `takes ${usage || 'no arguments'}`);
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  for (const [option, value] of Object.entries(given)) {
    if (typeof value === 'string') values[option] = unmarked(value);
    else flags.add(option);
  }
  return { args, values, flags };
}

function parsed(name: string, argv: readonly string[], options: Options) {
  const types = Object.fromEntries(Object.entries(options).map(([option, { type }]) => [option, { type }]));
  try {
    return parseArgs({ args: [...argv], options: types, allowPositionals: true });
  } catch (error) {
    throw misuse(name, error instanceof Error ? error.message : String(error));
  }
}

export const misuse = (name: string, what: string): UsageError =>
  new UsageError(`securechat ${name}: ${what}. \`securechat ${name} --help\` tells more.`);
