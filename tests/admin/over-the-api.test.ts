import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { ROOT, rowsOf, until, unusedPort } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type Ended, runAdmin, runAdminAlone, startAdmin } from './support/operator.ts';

const ADMIN = 'anAdminTokenOfMoreThan32Characters';
const stack = useConstellation({
  gateways: 1,
  deliveries: 1,
  files: 1,
  env: {
    auth: {
      AUTH_ADMIN_TOKEN: ADMIN,
      AUTH_ERASURE_GRACE_MS: '1s',
      WEBHOOK_ALLOWED_ORIGINS: 'http://127.0.0.1:9',
    },
  },
});
const { test } = stack;
const PATIENT_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-admin-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const door = (key = ADMIN) => ({
  SECURECHAT_ADMIN_URL: stack.constellation.authUrl,
  SECURECHAT_ADMIN_KEY: key,
});
const admin = (...args: string[]): Promise<Ended> => runAdmin(args, door());
const jsonOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Succeeds, and says nothing but what was asked. */
async function told(...args: string[]): Promise<string> {
  const ended = await admin(...args);
  expect(ended).toMatchObject({ exitCode: 0 });
  return ended.out.trimEnd();
}

/** `node src/api-key.ts`, as an operator runs it beside auth. */
async function apiKey(...scopes: string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = { ...inherited, POSTGRES_URL: stack.constellation.stores.postgresUrlFor('auth') };
  const script = join(ROOT, 'services/auth/src/api-key.ts');
  return (
    await promisify(execFile)(process.execPath, [script, 'create', 'operator', ...scopes], { env })
  ).stdout.trim();
}

const audited = async (user: string): Promise<string[]> => {
  const rows = await rowsOf<{ action: string }>(
    stack.constellation.stores.postgresUrl,
    `SELECT l.action FROM auth.audit_log l JOIN auth.users u ON u.id = l.user_id WHERE u.ext_id = '${user}' ORDER BY l.id`,
  );
  return rows.map(({ action }) => action);
};

test('accounts are listed, looked at, suspended and served again, and a device is revoked for ever', async () => {
  const alice = await stack.person('alice', { devices: 2 });
  expect(await told('accounts')).toMatch(new RegExp(`^active +2 devices +since \\S+ +${alice.id}$`, 'm'));
  expect(jsonOf(await told('accounts', 'list', '--json'))).toContainEqual(
    expect.objectContaining({ user_id: alice.id, active_devices: 2 }),
  );
  expect(await told('accounts', 'show', alice.id)).toContain(`${alice.id}  active`);
  expect((await told('devices', alice.id)).split('\n')).toHaveLength(2);

  expect(await told('accounts', 'disable', alice.id)).toContain('disabled until');
  await expect(stack.login(alice)).rejects.toThrow();
  await told('accounts', 'enable', alice.id);
  await stack.login(alice);

  await told('revoke', alice.id, alice.device(1).id);
  expect(await told('devices', alice.id)).toMatch(new RegExp(`${alice.device(1).id} .* revoked \\d{4}`));
  await expect(stack.login(alice, { device: 1 })).rejects.toThrow();
  await stack.login(alice);
  expect(await audited(alice.id)).toEqual(['disable_account', 'enable_account', 'revoke_device']);
});

test(
  'invites are made, listed over all pages, and let in whom they name',
  async () => {
    const made = (await told('invite', '--count', '130', '--days', '2')).split('\n');
    expect(new Set(made).size).toBe(130);
    const listed = jsonOf(await told('invites', '--json'));
    expect(listed).toHaveLength(130);
    for (const code of made) expect(JSON.stringify(listed)).not.toContain(code);

    const open = await admin('invite', '--for', 'bob');
    expect(open).toMatchObject({ exitCode: 4, out: '', err: expect.stringContaining('AUTH_ENROLMENT=open') });
    const [auth] = stack.constellation.auths;
    await auth?.restart(undefined, { AUTH_ENROLMENT: 'invite' });
    try {
      const code = await told('invite', '--for', 'bob', '--days', '1');
      expect(code).toMatch(/^[\w-]{22}$/);
      expect(await told('invites')).toMatch(/for bob$/m);
    } finally {
      await auth?.restart(undefined, { AUTH_ENROLMENT: 'open' });
    }
  },
  PATIENT_MS,
);

test('limits are told with what stands against them, and a quota counts', async () => {
  const carol = await stack.person('carol');
  await until(
    'all have announced theirs',
    async () => !(await admin('limits')).err.includes('No process of files'),
  );
  expect(await told('limits')).toMatch(/^storage +\d+ B +per user +files: FILE/m);
  expect(await told('quota', carol.id, '5GB')).toBe(`${carol.id} may store 5000000000 B.`);
  expect(await told('limits', carol.id)).toMatch(
    /^storage +0 B of 5000000000 B +per user +quota of this user$/m,
  );
  expect(await told('quota', carol.id, 'default')).toContain('the default amount');
  expect(await told('limits', carol.id)).not.toContain('quota of this user');
  expect(await told('stored')).toBe(`${carol.id}  0 B  0 B on their way  0 files`);
  expect(await audited(carol.id)).toEqual(['set_quota', 'set_quota']);
});

test('webhooks are made, listed, given a new secret, and removed', async () => {
  const [id = '', secret] = (
    await told('webhooks', 'create', 'http://127.0.0.1:9/hook', 'user.created')
  ).split('\n');
  expect(secret).toMatch(/^whsec_/);
  expect(await told('webhooks')).toMatch(
    new RegExp(`^${id} .*0 given up  user.created  http://127.0.0.1:9/hook$`, 'm'),
  );
  expect(await told('webhooks', 'rotate', id)).toMatch(/^whsec_/);
  expect(await told('webhooks', 'dead', id)).toBe('');
  expect(await told('webhooks', 'replay', id)).toBe('0 will be sent again.');
  await told('webhooks', 'remove', id);
  expect(await told('webhooks')).toBe('');
});

test('a user is exported into a file that only its owner can read, which is written once', async () => {
  const dora = await stack.person('dora');
  const file = join(folder, 'dora.json');
  await told('export', dora.id, '--to', file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ auth: { user_id: dora.id } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await admin('export', dora.id, '--to', file)).toMatchObject({ exitCode: 4 });
  expect(JSON.parse(await told('export', dora.id))).toMatchObject({ auth: { user_id: dora.id } });
  // the second one was refused before anything was asked
  expect(await audited(dora.id)).toEqual(['export_account', 'export_account']);
});

test(
  'an erasure needs the name once more, goes on when whoever follows it is cut off, and ends in a receipt',
  async () => {
    const erin = await stack.person('erin');
    const wrong = await runAdminAlone(['erase', erin.id], door(), 'erik\n');
    expect(wrong).toMatchObject({ exitCode: 2, err: expect.stringContaining('nothing was done') });
    expect(await told('accounts', 'show', erin.id)).toContain('active');

    const following = startAdmin(['erase', erin.id, '--wait'], door());
    following.stdin?.end(`${erin.id}\n`);
    let id: string | undefined;
    for await (const line of createInterface({ input: following.stderr as NodeJS.ReadableStream })) {
      id = /receipt ([\w-]{22})/.exec(line)?.[1];
      if (id !== undefined) break;
    }
    following.kill('SIGKILL');
    await once(following, 'close');
    if (id === undefined) throw new Error('no receipt was named');

    const done = await told('receipt', id, '--wait');
    expect(done).toMatch(/^finished {2}\d{4}-/m);
    expect(done).toMatch(/^ +1 {2}auth\.users$/m);
    expect(done).not.toContain(erin.id);
    expect(jsonOf(await told('receipt', id, '--json'))).toEqual([
      expect.objectContaining({ erasure_id: id, state: 'finished', waiting: {} }),
    ]);
    expect(await admin('accounts', 'show', erin.id)).toMatchObject({ exitCode: 4 });
  },
  PATIENT_MS,
);

test(
  'asked again while it is under way it is the same erasure',
  async () => {
    const [auth] = stack.constellation.auths;
    await auth?.restart(undefined, { AUTH_ERASURE_GRACE_MS: '10m' });
    const finn = await stack.person('finn');
    const first = await told('erase', finn.id, '--yes', '--json');
    expect(await told('erase', finn.id, '--yes', '--json')).toBe(first);
    expect(await admin('accounts', 'enable', finn.id)).toMatchObject({ exitCode: 4 });
    await auth?.restart(undefined, { AUTH_ERASURE_GRACE_MS: '1s' });
  },
  PATIENT_MS,
);

describe('what cannot be done is told with what to do next', () => {
  test('a key that is wrong or lacks a scope, and which one to make', async () => {
    const gina = await stack.person('gina');
    const wrong = await runAdmin(['accounts', 'disable', gina.id], door('sck_0123456789abcdef'));
    expect(wrong).toMatchObject({
      exitCode: 4,
      out: '',
      err: expect.stringMatching(/api-key create NAME accounts:write/),
    });
    const reader = await apiKey('accounts:read');
    const narrow = await runAdmin(['accounts', 'disable', gina.id], door(reader));
    expect(narrow).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('lacks the scope accounts:write'),
    });
    expect(await runAdmin(['accounts', 'show', gina.id], door(reader))).toMatchObject({ exitCode: 0 });
    for (const { err } of [wrong, narrow]) expect(err).not.toMatch(/sck_/);
    expect(await audited(gina.id)).toEqual([]);
  });

  test('somebody who is not there', async () => {
    expect(await admin('accounts', 'show', 'nobody')).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('There is no such account'),
    });
  });

  test('an auth that does not answer, after it was asked three times', async () => {
    const url = `http://127.0.0.1:${await unusedPort()}`;
    const gone = await runAdmin(['accounts', '--url', url], door());
    expect(gone).toMatchObject({
      exitCode: 3,
      out: '',
      err: expect.stringMatching(/ECONNREFUSED.*\n.*port-forward/),
    });
  });
});

test('what makes no sense has no effect', async () => {
  const hans = await stack.person('hans');
  for (const args of [
    ['accounts', 'remove', hans.id],
    ['accounts', 'disable'],
    ['quota', hans.id, '-1'],
    ['quota', hans.id, '5XB'],
    ['invite', '--count', '0'],
    ['invite', '--for', hans.id, '--count', '2'],
    ['invite', '--days', '1e2'],
    ['revoke', hans.id],
    ['webhooks', 'create', 'https://example.com'],
  ])
    expect(await admin(...args)).toMatchObject({ exitCode: 2, out: '' });
  expect(await admin('revoke', hans.id, '../disable')).toMatchObject({ exitCode: 4 });
  expect(await admin('accounts', 'disable', `../${hans.id}`)).toMatchObject({ exitCode: 4 });
  expect(await audited(hans.id)).toEqual([]);
  expect(await told('accounts', 'show', hans.id)).toContain('active');
});

test('the key comes from a file of its owner or from the environment, and stands nowhere', async () => {
  const file = join(folder, 'key');
  await writeFile(file, `${ADMIN}\n`, { mode: 0o644 });
  const named = ['accounts', '--key-file', file, '--url', stack.constellation.authUrl];
  const readable = await runAdminAlone(named, {});
  expect(readable).toMatchObject({ exitCode: 4, err: expect.stringContaining('chmod 600') });
  await rm(file);
  await writeFile(file, `${ADMIN}\n`, { mode: 0o600 });
  expect(await runAdminAlone(named, {})).toMatchObject({ exitCode: 0, err: '' });
  // there is no way to say it as an argument
  expect(await runAdmin(['accounts', `--key=${ADMIN}`], door())).toMatchObject({
    exitCode: 2,
    err: expect.not.stringContaining(ADMIN),
  });
  expect(stack.constellation.logs()).not.toContain(ADMIN);
});
