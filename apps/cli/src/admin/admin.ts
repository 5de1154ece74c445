import { type Options, UsageError } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { helpOf, indented, optionRows, summaryRows } from '../help.ts';
import type { Output } from '../output/output.ts';
import { readWords } from '../read-words.ts';
import { createApi } from './api/api.ts';
import { apiCommands } from './commands/index.ts';
import { doorOptions, openDoor } from './door.ts';

const everywhere: Options = {
  ...doorOptions,
  json: { type: 'boolean', doc: 'what the API answers, one JSON object a line' },
  help: { type: 'boolean', doc: 'what a command takes' },
};

/** `securechat admin …`; resolves with the exit code, and fails with what `failures.ts` knows. */
export async function runAdmin(
  argv: readonly string[],
  out: Output,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help') {
    out.text(overview());
    return exitCodes.done;
  }
  const command = Object.hasOwn(apiCommands, name) ? apiCommands[name] : undefined;
  if (!command) throw new UsageError(`There is no command admin ${name}. \`securechat admin\` names all.`);
  const words = readWords(`admin ${name}`, command, everywhere, rest);
  if (words === 'help') out.text(helpOf(`admin ${name}`, command, everywhere));
  else await command.run({ ...words, api: createApi(openDoor(words.values, env)), out });
  return exitCodes.done;
}

const overview = (): string =>
  [
    'securechat admin COMMAND …; `securechat admin COMMAND --help` tells what one takes',
    `Of the admin API:\n${indented(summaryRows(apiCommands))}`,
    `Options of these commands:\n${indented(optionRows(everywhere))}`,
  ].join('\n\n');
