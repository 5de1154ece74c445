import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Finding, openPool } from '@securechat/kernel';
import { createTestDatabase, type TestDatabase, urlForRole } from '@securechat/testkit';
import { judgeContact, judgeKey, lookAtPush } from './look.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
}, 240_000);
afterAll(() => database?.drop());

const KEY = randomBytes(32).toString('base64url');
const wrong = (findings: readonly Finding[]): string[] =>
  findings.filter(({ remedy }) => remedy !== undefined).map(({ says }) => says);
const asPush = async () => (await urlForRole(database.url, 'securechat_push')) ?? database.url;

test('a key that is none and a contact that is nobody are found, and the key is not told', () => {
  expect(judgeKey(KEY).remedy).toBeUndefined();
  const zero = Buffer.alloc(32).toString('base64url');
  expect(judgeKey(zero)).toMatchObject({ says: 'is no private key of P-256' });
  expect(JSON.stringify([judgeKey(zero), judgeKey(KEY)])).not.toMatch(new RegExp(`${KEY}|${zero}`));
  expect(judgeContact('mailto:admin@example.com').remedy).toBeDefined();
  expect(judgeContact('mailto:ops@chat.example').remedy).toBeUndefined();
});

test('what is missing in Postgres, and where no way leads, is found', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = openPool(await asPush(), { applicationName: 'test', max: 1 });
  const look = (bridgeUrl: string) =>
    lookAtPush({
      ...{ pool, vapidPrivateKey: KEY, contact: 'mailto:ops@chat.example', bridgeUrl },
      pushServices: [{ host: '127.0.0.1', port }],
    });
  expect(wrong(await look(`http://127.0.0.1:${port}/wake`))).toEqual([]);
  expect(wrong(await look('http://127.0.0.1:1/wake'))).toEqual(['ECONNREFUSED']);
  const owner = openPool(database.url, { applicationName: 'test', max: 1 });
  await owner.query(`DELETE FROM securechat_migrations.push WHERE name = '0003_webhooks'`);
  expect(wrong(await look(`http://127.0.0.1:${port}/wake`))).toEqual(['not applied: 0003_webhooks']);

  // as an operator runs it, with the service's role
  const env = { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: await asPush() };
  const script = join(import.meta.dirname, '../migrate.ts');
  const check = () => spawnSync(process.execPath, [script, '--check'], { env, encoding: 'utf8' });
  expect(check()).toMatchObject({ status: 1, stdout: 'push: not applied: 0003_webhooks\n' });
  await owner.query(`INSERT INTO securechat_migrations.push (name, timestamp) VALUES ('0003_webhooks', '')`);
  expect(check()).toMatchObject({ status: 0, stdout: 'push: all applied\n' });
  await Promise.all([pool.end(), owner.end()]);
  server.close();
}, 60_000);

test('the command looks at the key that push has', async () => {
  const env = {
    ...{ ...process.env, NODE_OPTIONS: '', POSTGRES_URL: await asPush(), REDIS_URL: 'redis://127.0.0.1:1' },
    ...{ PUSH_VAPID_PRIVATE_KEY: KEY, PUSH_CONTACT: 'mailto:ops@chat.example' },
  };
  const script = join(import.meta.dirname, '../doctor.ts');
  const { stdout } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  expect(stdout).toMatch(/^ok +VAPID key: browsers know it as/m);
  expect(stdout).not.toContain(KEY);
}, 60_000);
