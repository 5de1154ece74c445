import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { ROOT } from './tools.ts';

/** Words that make sense to each program that an operator starts by hand. All five of `migrate.ts` are the same. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'auth/src/after-restore.ts': [],
  'auth/src/api-key.ts': ['list'],
  'auth/src/doctor.ts': [],
  'auth/src/erase-user.ts': ['alice'],
  'auth/src/export-user.ts': ['alice'],
  'auth/src/invites.ts': [],
  'auth/src/limits.ts': ['list'],
  'auth/src/migrate.ts': ['--check'],
  'auth/src/webhooks.ts': ['list'],
  'delivery/src/dead-letters.ts': ['list'],
  'delivery/src/queues.ts': [],
  'delivery/src/where.ts': ['m_1'],
  'push/src/doctor.ts': [],
};
/** Takes what is to be done from its standard input. */
const BY_INPUT = 'auth/src/call-admin.ts';
const MISSING =
  /^The environment has \d+ fault\(s\):\n(?: {2}- .+\n)* {2}- POSTGRES_URL is missing\. .+\n(?: {2}- .+\n)*$/;

async function run(program: string, words: readonly string[]) {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, HOME, NODE_COMPILE_CACHE };
  const child = spawn(process.execPath, [join(ROOT, 'services', program), ...words], { env });
  child.stdin.end('{"method": "GET", "path": "/v1/admin/accounts"}');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, out, err };
}

/** As many at once as there are cores on a small machine. */
async function runEach(programs: readonly string[], words: (program: string) => readonly string[]) {
  const left = [...programs];
  const found: Record<string, Awaited<ReturnType<typeof run>>> = {};
  const lane = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop())
      found[next] = await run(next, words(next));
  };
  await Promise.all([lane(), lane(), lane()]);
  return found;
}

const each = (programs: readonly string[], ran: object) =>
  Object.fromEntries(programs.map((program) => [program, ran]));

test('every program of a service that is started by hand is tried here', () => {
  const found = globSync('*/src/*.ts', { cwd: join(ROOT, 'services') }).filter((file) =>
    readFileSync(join(ROOT, 'services', file), 'utf8').startsWith('// node src/'),
  );
  const tried = Object.keys(WORDS).filter((program) => !program.endsWith('/migrate.ts'));
  expect(found.sort()).toEqual([...tried, BY_INPUT].sort());
});

test('each says in a line what is missing in its environment, with exit code 2 and no stack', async () => {
  const programs = Object.keys(WORDS);
  expect(await runEach(programs, (program) => WORDS[program] ?? [])).toEqual(
    each(programs, { status: 2, out: '', err: expect.stringMatching(MISSING) }),
  );
  expect(await run(BY_INPUT, [])).toEqual({
    ...{ status: 1, out: '' },
    err: 'AUTH_ADMIN_TOKEN is not set: this auth serves no admin API.\n',
  });
}, 60_000);

test('each answers an option that it does not know by how it is used, with exit code 2 and no stack', async () => {
  const programs = [...Object.keys(WORDS), BY_INPUT];
  expect(await runEach(programs, () => ['--nonsense'])).toEqual(
    each(programs, {
      ...{ status: 2, out: '' },
      err: expect.stringMatching(/^Unknown option '--nonsense'.*\nUsage: (?!.*\n +at )/),
    }),
  );
}, 60_000);

test('words that are too many or too few are told, before anything is connected', async () => {
  const wrong: readonly (readonly [program: string, words: readonly string[], told: string])[] = [
    ['auth/src/api-key.ts', ['revoke'], 'One ID is needed, and nothing else.'],
    ['auth/src/export-user.ts', [], 'One USER is needed, and nothing else.'],
    ['auth/src/webhooks.ts', ['dead', 'w_1', 'w_2'], 'One ID is needed, and nothing else.'],
    ['auth/src/invites.ts', ['1', '2'], 'There is nothing to be done with 2.'],
    ['auth/src/doctor.ts', ['--ca', '/nowhere'], '--ca cannot be read: '],
    ['delivery/src/dead-letters.ts', ['show', 'all'], 'An ID is a number: '],
  ];
  for (const [program, words, told] of wrong) {
    const { status, err } = await run(program, words);
    expect([program, status, err.startsWith(told), err.includes('\nUsage: ')]).toEqual([
      program,
      2,
      true,
      true,
    ]);
  }
}, 60_000);
