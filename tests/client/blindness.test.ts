import { afterAll, describe, expect } from '@jest/globals';
import { findWords, type Places, startPushService, until } from '@securechat/testkit';
import type { ServiceName } from '../support/service-process.ts';
import { useConstellation } from '../support/stack.ts';
import { liveMarked, MARK } from './support/marked-life.ts';
import { type TestDevice, useDevices } from './support/people.ts';
import { sayWrong } from './support/wrong-words.ts';

const DEADLINE_MS = 300_000;
const services: ServiceName[] = ['auth', 'delivery', 'presence', 'files', 'push', 'gateway'];
const talkative = Object.fromEntries(services.map((name) => [name, { LOG_LEVEL: 'trace' }]));

const pushes = await startPushService();
const stack = useConstellation({
  ...{ gateways: 2, deliveries: 2, presences: 1, files: 1, pushes: 1 },
  // what a stream or a table held for a moment stays in these files
  redis: 'own, append-only',
  postgres: 'own',
  env: {
    ...talkative,
    push: {
      ...talkative.push,
      ...{ PUSH_WAIT_MS: '500ms', PUSH_LOOK_EVERY_MS: '200ms', PUSH_ALLOWED_ORIGINS: pushes.origin },
    },
  },
});
const devices = useDevices(stack, afterAll);
afterAll(() => pushes.close());

describe('whoever has all servers, their files, memory, logs, metrics and pushes', () => {
  let people: TestDevice[] = [];
  const secrets: Uint8Array[] = [];

  stack.test(
    'finds nothing that people have written: no text, name, file, picture or status, at no moment',
    async () => {
      const { endpoint, keys, ...target } = pushes.subscribe();
      const life = await liveMarked(devices, { endpoint, keys });
      people = life.devices;
      secrets.push(...life.fileKeys.map((key) => Buffer.from(key, 'base64')));
      await until('somebody has been woken', () => target.received.length > 0);
      const pushed = target.received.map(({ content, headers }) => JSON.stringify([content, headers]));
      const places = await everything({ pushes: pushed.join('\n') });
      expect(await findWords([MARK], { ...places, pids: memory() })).toEqual([]);
    },
    DEADLINE_MS,
  );

  stack.test(
    'finds no key: of an account, a device or a file',
    async () => {
      for (const { disk } of people) {
        const { secretKey, accountSecret } = JSON.parse(new TextDecoder().decode(disk.get('account')));
        secrets.push(Buffer.from(secretKey, 'base64'), Buffer.from(accountSecret, 'base64'));
      }
      expect(secrets.map(({ length }) => length)).toEqual(secrets.map(() => 32));
      expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBeGreaterThan(5);
      expect(await findWords(secrets, { ...(await everything()), pids: memory() })).toEqual([]);
    },
    DEADLINE_MS,
  );

  stack.test(
    'finds nothing of what was refused, though it was not encrypted',
    async () => {
      const refused = await sayWrong(stack, MARK);
      expect(refused).toBeGreaterThan(10);
      expect(await findWords([MARK], await everything())).toEqual([]);
    },
    DEADLINE_MS,
  );

  stack.test('would find it: what servers may know is found wherever they keep it', async () => {
    const [{ client }] = people as [TestDevice];
    const found = await findWords([client.me.userId], { ...(await everything()), pids: memory() });
    for (const place of ['Postgres, auth.users', 'Postgres files', 'Redis files', 'memory of gateway'])
      expect(found.join('\n')).toContain(place);
    const started = await findWords(['gateway-1'], await everything());
    expect(started.join('\n')).toContain('log of gateway 1');
  });
});

/** What a core file of a service would show. Not of what was refused: that is in no place any more, and not yet written over. */
function memory(): Record<string, number> {
  const { gateways, auths, deliveries, presences, files, pushes: wakers } = stack.constellation;
  const all = [...gateways, ...auths, ...deliveries, ...presences, ...files, ...wakers];
  return Object.fromEntries(all.map(({ name, pid }) => [`memory of ${name}`, pid]));
}

/** Also what Redis writes once a second only. */
async function everything(more: Record<string, string> = {}): Promise<Places> {
  const { constellation } = stack;
  const { stores, gateways, auths, deliveries, presences, files, pushes: wakers } = constellation;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const texts: Record<string, string> = { ...more };
  for (const process of [...gateways, ...auths, ...deliveries, ...presences, ...files, ...wakers]) {
    texts[`log of ${process.name}`] = process.log.join('\n');
    const page = await fetch(`${process.opsUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    texts[`metrics of ${process.name}`] = await page.text();
  }
  const { ownPostgres, ownRedis, postgresUrl, redisUrl } = stores;
  const folders = { 'Postgres files': ownPostgres?.dir, 'Redis files': ownRedis?.dir };
  if (!folders['Postgres files'] || !folders['Redis files'])
    throw new Error('the files of the servers are not here');
  return { postgresUrl, redisUrl, texts, folders: folders as Record<string, string> };
}
