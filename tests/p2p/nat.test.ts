import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { ROOT, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { makeNet, type Net } from './support/net.ts';
import { openPassage } from './support/passage.ts';
import { Talker, type TalkerJob } from './support/talkers.ts';

const SECRET = 'what auth and the relay of this test share';
const PATIENT_MS = 120_000;
const stack = useConstellation({
  ...{ gateways: 1, deliveries: 1, presences: 1 },
  env: { auth: { AUTH_TURN_URLS: 'turn:203.0.113.10:3478', AUTH_TURN_SECRET: SECRET } },
});
const { test } = stack;
const folder = mkdtempSync(join(tmpdir(), 'securechat-p2p-'));
const closing: (() => unknown)[] = [];
let net: Net;
let coturn: ChildProcess;
let people = 0;

beforeAll(async () => {
  net = makeNet();
  // as it is shipped; what is given beside it is what its first lines say
  const [command, args] = net.inside('server', 'turnserver', [
    ...['-c', join(ROOT, 'infra/coturn/turnserver.conf'), `--static-auth-secret=${SECRET}`],
    ...['--realm=chat.example', `--listening-ip=${net.server}`, `--relay-ip=${net.server}`],
  ]);
  coturn = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const listening = net.inside('server', 'ss', ['-Hlun', 'sport = :3478']);
  await until('the relay listens', () => `${spawnSync(...listening).stdout}` !== '', PATIENT_MS);
  const { authUrl, gateways } = stack.constellation;
  const ways = { auth: Number(new URL(authUrl).port), gateway: gateways[0]?.port('websocket') ?? 0 };
  for (const [name, port] of Object.entries(ways)) {
    const passage = await openPassage({ path: join(folder, name) }, { host: '127.0.0.1', port });
    closing.push(() => passage.close());
  }
}, PATIENT_MS);

afterEach(async () => {
  net.heal();
  await Promise.all(talkers.splice(0).map((talker) => talker.close()));
});
afterAll(() => {
  coturn?.kill();
  for (const close of closing) close();
  net?.remove();
  rmSync(folder, { recursive: true });
});

const talkers: Talker[] = [];

/** Two people in their homes who have talked, and both allow it. */
async function openPair(more: Pick<TalkerJob, 'iceServers'>): Promise<{ alice: Talker; bob: Talker }> {
  const open = async (home: 'alice' | 'bob'): Promise<Talker> => {
    const job = {
      userId: `${home}_${++people}`,
      auth: join(folder, 'auth'),
      gateway: join(folder, 'gateway'),
      ...more,
    };
    const talker = await Talker.open(net, home, job);
    talkers.push(talker);
    return talker;
  };
  const [alice, bob] = await Promise.all([open('alice'), open('bob')]);
  await alice.follow({ do: 'send', userId: bob.userId, texts: ['hello'] });
  await until('Bob was greeted', () => bob.texts.includes('hello'), PATIENT_MS);
  await bob.follow({ do: 'send', userId: alice.userId, texts: ['hello'] });
  await until('Alice was greeted', () => alice.texts.includes('hello'), PATIENT_MS);
  await alice.follow({ do: 'allow', userId: bob.userId });
  await bob.follow({ do: 'allow', userId: alice.userId });
  return { alice, bob };
}

const areDirect = (pair: { alice: Talker; bob: Talker }): Promise<unknown> =>
  until(
    'they are connected directly',
    () => pair.alice.path === 'direct' && pair.bob.path === 'direct',
    PATIENT_MS,
  );
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `message ${from + n}`);

test('two people behind NATs connect by hole punching; the path is cut half-way through 1,000 messages, and all come once, in order', async () => {
  // without a relay there is no other way than through both NATs
  const pair = await openPair({ iceServers: [{ urls: `stun:${net.server}:3478` }] });
  const { alice, bob } = pair;
  await areDirect(pair);
  const send = (texts: string[]) => alice.follow({ do: 'send', userId: bob.userId, texts });
  await send(numbered(0, 500));
  net.cut('everything');
  await send(numbered(500, 1_000));
  await until('all have come', () => bob.texts.length >= 1_001, PATIENT_MS);
  expect(bob.texts).toEqual(['hello', ...numbered(0, 1_000)]);
  expect(bob.early).toBeGreaterThan(0);
  await until('it is noticed', () => alice.path === 'relay' && bob.path === 'relay', PATIENT_MS);
  net.heal();
  await areDirect(pair);
  const before = bob.early;
  await send(['and again']);
  await until('it has come directly', () => bob.early > before, PATIENT_MS);
}, 600_000);

test('where the two cannot reach each other coturn relays, with the file that is shipped and credentials of auth', async () => {
  net.cut('each other');
  const pair = await openPair({});
  await areDirect(pair);
  await pair.alice.follow({ do: 'send', userId: pair.bob.userId, texts: numbered(0, 20) });
  await until('all have come', () => pair.bob.texts.length >= 21, PATIENT_MS);
  expect(pair.bob.texts).toEqual(['hello', ...numbered(0, 20)]);
  expect(pair.bob.early).toBeGreaterThan(0);
}, 600_000);

test(
  'the relay refuses private ranges, and whoever has no good credentials',
  async () => {
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, SECRET);
    const script = join(ROOT, 'scripts/turn-check.ts');
    const url = `turn:${net.server}:3478`;
    const [command, args] = net.inside('alice', process.execPath, [
      script,
      '--url',
      url,
      '--secret-file',
      secretFile,
    ]);
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
    expect(stdout).toMatch(/ok +it does not relay to 10\.0\.0\.1\n/);
    expect(stdout).toMatch(/\n13 passed, 0 failed\n/);
    expect(status).toBe(0);
  },
  PATIENT_MS,
);
