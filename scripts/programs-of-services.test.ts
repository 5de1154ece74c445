import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runProgram as run } from './testing/run-program.ts';
import { ROOT } from './tools.ts';

/** Valid arguments for each program that operators start by hand. All five `migrate.ts` are alike. */
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
/** Takes its request from standard input. */
const BY_INPUT = 'auth/src/call-admin.ts';
const MISSING =
  /^The environment has \d+ fault\(s\):\n(?: {2}- .+\n)* {2}- POSTGRES_URL is missing\. .+\n(?: {2}- .+\n)*$/;

/** As many at once as a small machine has cores. */
async function runEach(
  programs: readonly string[],
  words: (program: string) => readonly string[],
  settings: Readonly<Record<string, string>> = {},
) {
  const left = [...programs];
  const found: Record<string, Awaited<ReturnType<typeof run>>> = {};
  const lane = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop())
      found[next] = await run(next, words(next), settings);
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

test('each that finds no Postgres or no Redis says so in a line, with exit code 1, no stack and no password', async () => {
  const programs = Object.keys(WORDS).filter((program) => !program.endsWith('/doctor.ts'));
  const nobody = {
    POSTGRES_URL: 'postgres://u:hidden@127.0.0.1:1/x',
    REDIS_URL: 'redis://:hidden@127.0.0.1:1',
  };
  const told = /^.+\. What this needs does not answer\. .+\n$/;
  const ran = await runEach(programs, (program) => WORDS[program] ?? [], nobody);
  expect(ran).toEqual(each(programs, { status: 1, out: '', err: expect.stringMatching(told) }));
  expect(JSON.stringify(ran)).not.toContain('hidden');
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
