import type { Described, Options } from './command.ts';
import { inColumns } from './output/columns.ts';

export function helpOf(
  name: string,
  { usage, summary, options = {} }: Described,
  everywhere: Options,
): string {
  const rows = optionRows({ ...options, ...everywhere });
  return `securechat ${`${name} ${usage}`.trimEnd()}\n  ${summary}\n\n${indented(rows)}`;
}

export const optionRows = (options: Options): string[][] =>
  Object.entries(options).map(([name, { value, doc }]) => [`--${name}${value ? ` ${value}` : ''}`, doc]);

/** Each command with its summary, below a headline. */
export const summaryRows = (words: Readonly<Record<string, { summary: string }>>): string[][] =>
  Object.entries(words).map(([name, { summary }]) => [name, summary]);

export const indented = (rows: readonly string[][]): string =>
  inColumns(rows)
    .map((line) => `  ${line}`)
    .join('\n');
