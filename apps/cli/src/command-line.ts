import { parseArgs } from 'node:util';
import { type Call, type Command, type Option, UsageError } from './command.ts';
import { commands } from './commands/index.ts';
import { describeFailure } from './failures.ts';
import { homeFolder } from './home.ts';
import type { Output } from './output/output.ts';

const everywhere: Record<string, Option> = {
  home: { type: 'string', value: 'FOLDER', doc: 'where the account lives; one folder, one account' },
  help: { type: 'boolean', doc: 'what a command takes' },
};

/** Runs one command and returns the exit code of the process; whatever went wrong is told on `out`. */
export async function runCommandLine(argv: readonly string[], out: Output): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === 'help' || name === '--help') {
      out.text(overview());
      return 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new UsageError(`There is no command ${name}. \`securechat help\` names all.`);
    const call = readCall(name, command, rest, out);
    if (call === 'help') out.text(helpOf(name, command));
    else await command.run(call);
    return 0;
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    out.trouble(text);
    return exitCode;
  }
}

function readCall(name: string, command: Command, argv: readonly string[], out: Output): Call | 'help' {
  const options = { ...everywhere, ...command.options };
  const { positionals: args, values: given } = parsed(name, argv, options);
  if (given.help) return 'help';
  const [least, most] = command.takes;
  if (args.length < least || args.length > most)
    throw misuse(name, `takes ${command.usage || 'no arguments'}`);
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  for (const [option, value] of Object.entries(given)) {
    if (typeof value === 'string') values[option] = value;
    else flags.add(option);
  }
  return { args, values, flags, home: homeFolder(values.home), out };
}

function parsed(name: string, argv: readonly string[], options: Record<string, Option>) {
  const types = Object.fromEntries(Object.entries(options).map(([option, { type }]) => [option, { type }]));
  try {
    return parseArgs({ args: [...argv], options: types, allowPositionals: true });
  } catch (error) {
    throw misuse(name, error instanceof Error ? error.message : String(error));
  }
}

const misuse = (name: string, what: string): UsageError =>
  new UsageError(`securechat ${name}: ${what}. \`securechat ${name} --help\` tells more.`);

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary]);
  return [
    'securechat COMMAND …; `securechat COMMAND --help` tells what one takes',
    columns(rows),
    `Options of every command:\n${columns(optionRows(everywhere))}`,
  ].join('\n\n');
}

function helpOf(name: string, { usage, summary, options = {} }: Command): string {
  const rows = optionRows({ ...options, ...everywhere });
  return `securechat ${`${name} ${usage}`.trimEnd()}\n  ${summary}\n\n${columns(rows)}`;
}

const optionRows = (options: Readonly<Record<string, Option>>): string[][] =>
  Object.entries(options).map(([name, { value, doc }]) => [`--${name}${value ? ` ${value}` : ''}`, doc]);

function columns(rows: string[][]): string {
  const width = Math.max(...rows.map(([first]) => first?.length ?? 0));
  return rows.map(([first = '', second = '']) => `  ${first.padEnd(width)}  ${second}`).join('\n');
}
