import { parseArgs } from 'node:util';
import { type Options, UsageError } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { helpOf, indented, optionRows, summaryRows } from '../help.ts';
import type { Output } from '../output/output.ts';
import { misuse, readWords } from '../read-words.ts';
import { createApi } from './api/api.ts';
import { apiCommands } from './commands/index.ts';
import { doorOptions, openDoor, openPlace, placeOptions } from './door.ts';
import { lineOf } from './places/place.ts';
import { runInSight } from './places/run.ts';
import { type ProgramCommand, programs } from './programs.ts';

const help: Options = { help: { type: 'boolean', doc: 'show the arguments and options of a command' } };
const ofApi: Options = {
  ...doorOptions,
  ...placeOptions,
  json: { type: 'boolean', doc: 'print what the API answers, one JSON object per line' },
  ...help,
};

/** `securechat admin …`; resolves with the exit code, and rejects with errors that `failures.ts` knows. */
export async function runAdmin(
  argv: readonly string[],
  out: Output,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const { before, name, rest } = split(argv);
  if (name === undefined || name === 'help') {
    out.text(overview());
    return exitCodes.done;
  }
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program) return runPrograms({ name, program, before, rest }, out, env);
  const command = Object.hasOwn(apiCommands, name) ? apiCommands[name] : undefined;
  if (!command) throw new UsageError(`There is no command admin ${name}. \`securechat admin\` lists them.`);
  const words = readWords(`admin ${name}`, command, ofApi, [...before, ...rest]);
  if (words === 'help') out.text(helpOf(`admin ${name}`, command, ofApi));
  else await command.run({ ...words, api: createApi(openDoor(words, env)), out });
  return exitCodes.done;
}

/** Options may precede the command; options after it may be meant for a service's program. */
function split(argv: readonly string[]) {
  const types = Object.entries(ofApi).map(([name, { type }]) => [name, { type }]);
  const options = Object.fromEntries(types) as Record<string, { type: 'string' | 'boolean' }>;
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const at = tokens.find(({ kind }) => kind === 'positional')?.index ?? argv.length;
  return { before: argv.slice(0, at), name: argv[at], rest: argv.slice(at + 1) };
}

type Asked = { name: string; program: ProgramCommand; before: readonly string[]; rest: readonly string[] };

/** Runs each in turn, even after failures. Returns the greatest exit code. */
async function runPrograms(
  { name, program, before, rest }: Asked,
  out: Output,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const words = readWords(
    `admin ${name}`,
    { ...program, takes: [0, 0] },
    { ...placeOptions, ...help },
    before,
  );
  if (words === 'help' || rest.includes('--help')) {
    out.text(
      helpOf(
        `admin [--compose | --kubernetes | --local] ${name}`,
        { ...program, takes: [0, 0] },
        placeOptions,
      ),
    );
    return exitCodes.done;
  }
  const misplaced = rest.find((word) => word.startsWith('--') && Object.hasOwn(placeOptions, word.slice(2)));
  if (misplaced)
    throw misuse(`admin ${name}`, `${misplaced} must stand before ${name}: what follows goes to the program`);
  const place = openPlace(words, env);
  let exitCode = 0;
  for (const step of program.steps(rest)) {
    const start = await place.start(step);
    out.hint(`+ ${lineOf(start)}`);
    exitCode = Math.max(exitCode, await runInSight(start));
  }
  return exitCode;
}

const overview = (): string =>
  [
    'securechat admin COMMAND …; `securechat admin COMMAND --help` shows its arguments and options',
    `Through the admin API, from anywhere:\n${indented(summaryRows(apiCommands))}`,
    `Programs of the services, where they run:\n${indented(summaryRows(programs))}`,
    `Over the network:\n${indented(optionRows(doorOptions))}`,
    `Where services run, before the command:\n${indented(optionRows(placeOptions))}`,
    `Options of the admin API commands:\n${indented(optionRows({ json: ofApi.json as Options[string], ...help }))}`,
  ].join('\n\n');
