import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { ROOT, rowsOf } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type Ended, runAdmin, runAdminAlone } from './support/operator.ts';

const ADMIN = 'anAdminTokenOfMoreThan32Characters';
const stack = useConstellation({
  gateways: 1,
  deliveries: 1,
  env: { auth: { AUTH_ADMIN_TOKEN: ADMIN } },
});
const { test } = stack;

/** As `npm start` writes what it runs, and stand-ins for docker and kubectl that start the program on this machine. */
let folder: string;
let environment: Record<string, string>;
const argvFile = () => join(folder, 'argv');

const STAND_IN = `#!${process.execPath}
const { spawnSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const { basename } = require('node:path');
const argv = process.argv.slice(2);
appendFileSync(process.env.STAND_IN_ARGV, JSON.stringify([basename(process.argv[1]), ...argv]) + '\\n');
const at = argv.indexOf('node');
const service = argv.find((word) => /^(deployment\\/)?(auth|delivery(-1|-as-owner)?|push)$/.test(word)).match(/auth|delivery|push/)[0];
const { status } = spawnSync(process.execPath, argv.slice(at + 1), { cwd: process.env.STAND_IN_ROOT + '/services/' + service, stdio: 'inherit' });
process.exit(status);
`;

beforeAll(async () => {
  const { stores, streamPrefix, authUrl } = stack.constellation;
  folder = await mkdtemp(join(tmpdir(), 'securechat-admin-'));
  const secrets = {
    authServiceKey: Buffer.alloc(32, 7).toString('base64'),
    authAdminToken: ADMIN,
    pushVapidPrivateKey: Buffer.alloc(32, 7).toString('base64url'),
  };
  const described = {
    ...{ redisUrl: stores.redisUrl, postgresUrl: stores.postgresUrl },
    services: [{ service: 'auth', addresses: { http: authUrl } }],
  };
  await writeFile(join(folder, 'secrets.json'), JSON.stringify(secrets));
  await writeFile(join(folder, 'stack.json'), JSON.stringify(described));
  for (const program of ['docker', 'kubectl']) {
    await writeFile(join(folder, program), STAND_IN);
    await chmod(join(folder, program), 0o755);
  }
  environment = {
    PATH: `${folder}:${process.env.PATH}`,
    STREAM_PREFIX: streamPrefix,
    STAND_IN_ARGV: argvFile(),
    STAND_IN_ROOT: ROOT,
    POSTGRES_URL: stores.postgresUrl,
    REDIS_URL: stores.redisUrl,
    AUTH_ADMIN_TOKEN: ADMIN,
    AUTH_HTTP_PORT: new URL(authUrl).port,
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const local = (...args: string[]): Promise<Ended> =>
  runAdminAlone(['--local', '--data', folder, ...args], { STREAM_PREFIX: stack.constellation.streamPrefix });

/** A record that no handler could do anything with, as delivery parks one. */
async function parkSomething(): Promise<string> {
  const { stores, streamPrefix } = stack.constellation;
  const [row] = await rowsOf<{ id: string }>(
    stores.postgresUrl,
    `INSERT INTO delivery.dead_letters (stream, entry_id, reason, payload)
     VALUES ('${streamPrefix}:{d.0}:in', '1-1', 'no sense', '\\x00') RETURNING id::text`,
  );
  return row?.id ?? '';
}

describe('programs of services are run where they are, and end as they end', () => {
  test('what waits, and what became of a message', async () => {
    const queues = await local('queues');
    expect(queues).toMatchObject({ exitCode: 0, out: expect.stringContaining('{d.0}:in') });
    expect(queues.err).toMatch(/^\+ .*node.* src\/queues.ts$/m);
    expect(await local('where', 'no-such-message')).toMatchObject({ exitCode: 0 });
    expect(await local('where', 'no id')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('Usage'),
    });
  });

  test('dead letters are listed, looked at and dropped', async () => {
    const id = await parkSomething();
    expect((await local('dead-letters', 'list')).out).toContain(id);
    expect(await local('dead-letters', 'show', id)).toMatchObject({ exitCode: 0 });
    expect(await local('dead-letters', 'drop', id)).toMatchObject({ exitCode: 0, out: `${id} is gone\n` });
    expect(await local('dead-letters', 'show', id)).toMatchObject({ exitCode: 1 });
  });

  test('the doctor says what each program finds, and ends as the worse of them', async () => {
    // the second program, of push, knows nothing of that door
    const { exitCode, out, err } = await local('doctor', '--url', 'http://127.0.0.1:1');
    expect(out).toMatch(/Postgres/);
    expect(err.match(/^\+ /gm)).toHaveLength(2);
    expect(exitCode).toBe(1);
    const migrations = await local('migrations');
    expect(migrations.exitCode).toBe(0);
    expect(migrations.err.match(/^\+ /gm)).toHaveLength(5);
  });

  test('a key is made there and taken over the network', async () => {
    const made = await local('api-key', 'create', 'operator', 'accounts:read');
    const door = { SECURECHAT_ADMIN_URL: stack.constellation.authUrl, SECURECHAT_ADMIN_KEY: made.out.trim() };
    expect(await runAdmin(['accounts'], door)).toMatchObject({ exitCode: 0 });
    expect(await runAdmin(['limits'], door)).toMatchObject({ exitCode: 4 });
  });
});

describe('the admin API is asked where it runs', () => {
  test('of what npm start runs', async () => {
    const alice = await stack.person('alice');
    expect((await local('accounts', 'show', alice.id)).out).toContain('active');
  });

  for (const [program, ...place] of [
    ['docker', '--compose'],
    ['kubectl', '--kubernetes', '--namespace', 'chat'],
  ]) {
    test(`by ${program}, with a token that does not leave it`, async () => {
      const bob = await stack.person('bob');
      await rm(argvFile(), { force: true });
      expect(await runAdminAlone([...place, 'accounts', 'disable', bob.id], environment)).toMatchObject({
        exitCode: 0,
        out: `${bob.id} is disabled until it is enabled again.\n`,
      });
      await expect(stack.login(bob)).rejects.toThrow();
      const refused = await runAdminAlone(['accounts', 'show', 'nobody', ...place], environment);
      expect(refused).toMatchObject({ exitCode: 4, err: expect.stringContaining('no such account') });
      const argv = await readFile(argvFile(), 'utf8');
      expect(argv.split('\n').filter((line) => line.includes(`"${program}"`))).toHaveLength(2);
      for (const said of [ADMIN, bob.id, 'nobody']) expect(argv).not.toContain(said);
    });
  }

  test('a place that is not there is told from one that refuses', async () => {
    const empty = { ...environment, PATH: folder.replace(/[^/]+$/, 'nothing') };
    expect(await runAdminAlone(['--compose', 'queues'], empty)).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('The program docker is not installed'),
    });
    expect(await runAdminAlone(['--local', '--data', '/nowhere', 'queues'], {})).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('npm start'),
    });
  });
});

test('what makes no sense starts nothing', async () => {
  await rm(argvFile(), { force: true });
  for (const args of [
    ['queues'],
    ['--compose', '--local', 'queues'],
    ['queues', '--compose'],
    ['--compose', '--url', 'https://a', 'accounts'],
    ['--compose', '--loud', 'queues'],
    ['sing'],
  ])
    expect(await runAdmin(args, environment)).toMatchObject({ exitCode: 2, out: '' });
  await expect(readFile(argvFile(), 'utf8')).rejects.toThrow('ENOENT');
});
