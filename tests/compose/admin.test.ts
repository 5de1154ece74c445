import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { enrol, personNamed, ROOT } from '@securechat/testkit';

/** `npm run test:compose` says so, and makes this process trust the stack's own authority. */
const { project, env } = JSON.parse(process.env.COMPOSE_STACK ?? '{}') as {
  project: string;
  env: Record<string, string>;
};
const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');
/** Each command starts a program in a container, which takes seconds, and tens of them on a machine that is busy. */
const PATIENT_MS = 400_000;

/** `securechat admin --compose …` as an operator types it. */
async function admin(...args: string[]): Promise<{ exitCode: number | null; out: string; err: string }> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, 'admin', '--compose', ...args], {
    env: { ...inherited, ...env, COMPOSE_PROJECT_NAME: project },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part) => (out += part));
  child.stderr.setEncoding('utf8').on('data', (part) => (err += part));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { exitCode, out, err };
}

test(
  'an operator asks the admin API in the stack, which no door leads to',
  async () => {
    const alice = personNamed(`alice_${Date.now().toString(36)}`);
    await enrol(env.SECURECHAT_URL ?? '', alice);
    expect(await admin('accounts', 'show', alice.id)).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('active'),
    });
    expect(await admin('accounts', 'disable', alice.id)).toMatchObject({ exitCode: 0 });
    expect((await admin('accounts', '--json')).out).toMatch(new RegExp(`"${alice.id}","state":"disabled"`));
    const erased = await admin('erase', alice.id, '--yes');
    expect(erased).toMatchObject({ exitCode: 0, out: expect.stringContaining('finished  not yet') });
    expect(await admin('accounts', 'show', 'nobody')).toMatchObject({ exitCode: 4 });
  },
  PATIENT_MS,
);

test(
  'an operator runs the programs of services in the stack, and dead letters are read with the rights of the owner',
  async () => {
    expect(await admin('queues')).toMatchObject({ exitCode: 0, out: expect.stringContaining('{d.0}:in') });
    expect(await admin('where', 'no-such-message')).toMatchObject({ exitCode: 0 });
    expect(await admin('migrations')).toMatchObject({ exitCode: 0 });
    expect((await admin('doctor')).out).toContain('Postgres');
    const letters = await admin('dead-letters', 'list');
    expect(letters).toMatchObject({ exitCode: 0, out: 'There are no dead letters.\n' });
    expect(letters.err).toContain('run --rm -T --no-deps delivery-as-owner node src/dead-letters.ts list');
    // with a connection to Redis, as who may write there
    expect(await admin('dead-letters', 'replay', '7')).toMatchObject({ exitCode: 1 });
    const key = await admin('api-key', 'create', 'operator', 'accounts:read');
    expect(key).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^sck_/) });
  },
  PATIENT_MS,
);
