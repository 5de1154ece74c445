import { type Options, UsageError } from './command.ts';
import { commands } from './commands/index.ts';
import { describeFailure, exitCodes } from './failures.ts';
import { helpOf, indented, optionRows, summaryRows } from './help.ts';
import { homeFolder } from './home.ts';
import type { Output } from './output/output.ts';
import { readWords } from './read-words.ts';

const everywhere: Options = {
  home: { type: 'string', value: 'FOLDER', doc: 'where the account is kept; one account per folder' },
  help: { type: 'boolean', doc: 'show the arguments and options of a command' },
};

/** Runs one command and returns the process's exit code; errors are reported on `out`. */
export async function runCommandLine(argv: readonly string[], out: Output): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === 'help' || name === '--help') {
      out.text(overview());
      return exitCodes.done;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new UsageError(`There is no command ${name}. \`securechat help\` lists them.`);
    if ('load' in command) return await (await command.load())(rest, out);
    const words = readWords(name, command, everywhere, rest);
    if (words === 'help') out.text(helpOf(name, command, everywhere));
    else await command.run({ ...words, home: homeFolder(words.values.home), out });
    return exitCodes.done;
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    out.trouble(text);
    return exitCode;
  }
}

const overview = (): string =>
  [
    'securechat COMMAND …; `securechat COMMAND --help` shows its arguments and options',
    indented(summaryRows(commands)),
    `Options of every command:\n${indented(optionRows(everywhere))}`,
  ].join('\n\n');
