import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { runMessenger } from '@securechat/cli/messenger';
import { useConstellation } from '../../support/stack.ts';
import { type TestDevice, useDevices } from '../support/people.ts';
import { FakeTerminal } from './support/fake-terminal.ts';
import { type Terminal, useTerminals } from './support/securechat.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1, presences: 1, files: 1 });
const { test } = stack;
const atTerminal = useTerminals(stack);
const devices = useDevices(stack, afterAll);

let alice: Terminal;
let bob: Terminal;

async function signedUp(name: string): Promise<Terminal> {
  const terminal = await atTerminal(name);
  const { authUrl, gateways } = stack.constellation;
  const server = ['--server', authUrl, '--socket', gateways[0]?.wsUrl ?? ''];
  expect(await terminal.run(['signup', terminal.name, ...server])).toMatchObject({ exitCode: 0 });
  return terminal;
}

beforeAll(async () => {
  alice = await signedUp('alice');
  bob = await signedUp('bob');
}, 120_000);

const jsonOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a script sends a file, another one receives it whole, and its owner sees what it takes and frees it', async () => {
  const content = randomBytes(1_500_000);
  const path = join(alice.home, 'plans.bin');
  await writeFile(path, content);
  const hearing = await bob.listen();
  const sent = await alice.runAlone(['send-file', bob.name, path, '--json']);
  expect(sent).toMatchObject({ exitCode: 0, err: '' });
  const lines = jsonOf(sent.out);
  const message = lines.at(-1);
  expect(message).toMatchObject({
    type: 'message',
    body: { type: 'file', name: 'plans.bin', size: 1_500_000 },
  });
  const steps = lines.slice(0, -1).map(({ doneBytes }) => doneBytes);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps.at(-1)).toBe(1_500_000);
  await hearing.line('the file', ({ id }) => id === message.id);
  expect(await hearing.stop()).toBe(0);

  const place = ['receive-file', message.conversation, message.id];
  const target = join(bob.home, 'received.bin');
  expect(await bob.run([...place, target])).toMatchObject({ exitCode: 0, out: `1.5 MB in ${target}\n` });
  expect((await readFile(target)).equals(content)).toBe(true);
  // what is there is never written over, and nothing else is left
  await writeFile(target, 'mine');
  expect((await bob.run([...place, target])).exitCode).toBe(4);
  expect(await readFile(target, 'utf8')).toBe('mine');

  const [storage, file] = jsonOf((await alice.run(['files', '--json'])).out);
  expect(storage).toMatchObject({ type: 'storage', usedBytes: file.size, reservedBytes: 0 });
  expect(file).toMatchObject({ type: 'file', fileId: message.body.fileId, isComplete: true });
  expect(await alice.run(['remove-file', file.fileId])).toMatchObject({ exitCode: 0, err: '' });
  expect(jsonOf((await alice.run(['files', '--json'])).out)).toMatchObject([{ usedBytes: 0 }]);
  const again = await bob.run([...place, join(bob.home, 'again.bin')]);
  expect(again).toMatchObject({ exitCode: 4 });
  expect((await readdir(bob.home)).filter((name) => name.startsWith('again'))).toEqual([]);
  expect(await alice.run(['send-file', bob.name, alice.home])).toMatchObject({ exitCode: 4 });
}, 180_000);

const leaving: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of leaving.splice(0)) await leave();
});

function openMessenger({ client }: TestDevice, user?: string): FakeTerminal {
  const terminal = new FakeTerminal();
  const { stdin, stdout } = terminal;
  const options = { stdin, stdout, stderr: stdout, patchConsole: false, maxFps: 5, interactive: true };
  const ended = runMessenger(client, user, options);
  leaving.push(async () => {
    terminal.type('\x03');
    await ended;
  });
  return terminal;
}

test('the messenger sends and saves files with a bar, and one waits, goes on and is taken back', async () => {
  const [ann, ben] = await Promise.all([devices.signUp('ann'), devices.signUp('ben')]);
  const hers = openMessenger(ann, ben.client.me.userId);
  const his = openMessenger(ben);
  const content = randomBytes(5_000_000);
  const path = join(alice.home, 'film.bin');
  await writeFile(path, content);
  await hers.shows('● connected');
  await hers.shows(/^ {2}ben/);
  hers.enter('/nothing');
  await hers.shows('There is no /nothing.');
  hers.type('\x15');
  hers.enter(`/send ${path}`);
  await hers.shows(/1 sending film\.bin [█░]{20}/);
  hers.enter('/pause');
  await hers.shows(/sending film\.bin .* paused/);
  hers.enter('/pause');
  await hers.shows(/film\.bin, 5\.0 MB\) ✓/, 60_000);
  await his.shows('a request: /accept or /block');
  his.enter('/accept');
  await his.shows('Accepted.');
  const target = join(bob.home, 'film.bin');
  his.enter(`/save 2 ${target}`);
  await his.shows(`5.0 MB in`, 60_000);
  expect((await readFile(target)).equals(content)).toBe(true);

  hers.enter(`/send ${path}`);
  await hers.shows(/1 sending film\.bin/);
  hers.enter('/cancel');
  await hers.shows('the transfer was cancelled');
  hers.enter('/files');
  await hers.shows(/^.*f_\S+ {2}5\.\d MB/);
}, 180_000);
