import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAuthProcess } from './testing/auth-process.ts';
import { base64, createDevice, createPerson, firstList, prove } from './testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';

let database: OwnDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createOwnDatabase();
  env = {
    POSTGRES_URL: database.url,
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    AUTH_SERVICE_KEY: base64(Buffer.alloc(32, 1)),
    LOG_LEVEL: 'info',
  };
});
afterAll(() => database?.drop());

test('without a service key it does not start, and says how to make one', async () => {
  await expect(startAuthProcess({ ...env, AUTH_SERVICE_KEY: '' })).rejects.toThrow(/openssl rand -base64 32/);
});

test('on a database without its tables it does not start, and says what to run', async () => {
  const empty = await createOwnDatabase('empty');
  try {
    const starting = startAuthProcess({ ...env, POSTGRES_URL: empty.url });
    await expect(starting).rejects.toThrow(/services\/auth\/src\/migrate.ts/);
  } finally {
    await empty.drop();
  }
});

test('with Redis and Postgres away it starts, says 503 to who wants to enrol, and stops in order', async () => {
  const away = {
    ...env,
    POSTGRES_URL: 'postgres://nobody@127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
  };
  const auth = await startAuthProcess(away);
  try {
    const device = createDevice();
    const list = firstList(createPerson(), device);
    const response = await fetch(`${auth.httpUrl}/v1/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ list, proof: prove(list, device) }),
    });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error_code: 'SERVER_UNAVAILABLE', retry_after_ms: 1000 });
    expect(await auth.end('SIGTERM')).toBe(0);
  } finally {
    await auth.end('SIGKILL');
  }
});

test('migrate.ts brings the tables and ends; without a database it ends with another code', () => {
  const run = (url: string) => {
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    const program = join(import.meta.dirname, 'migrate.ts');
    return spawnSync(process.execPath, [program], {
      env: { ...inherited, POSTGRES_URL: url },
      encoding: 'utf8',
    });
  };
  const asOwner = new URL(database.url);
  asOwner.searchParams.set('options', '-c role=none');
  expect(run(asOwner.href)).toMatchObject({ status: 0, stdout: 'auth: nothing to apply\n', stderr: '' });
  expect(run('postgres://nobody@127.0.0.1:1/none').status).toBe(1);
  expect(run('')).toMatchObject({ status: 2, stderr: expect.stringContaining('POSTGRES_URL is missing') });
});
