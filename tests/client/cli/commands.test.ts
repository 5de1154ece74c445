import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest } from '@jest/globals';
import { createSelfSigned, until } from '@securechat/testkit';
import { useConstellation } from '../../support/stack.ts';
import { type Terminal, useTerminals } from './support/securechat.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const atTerminal = useTerminals(stack);

let alice: Terminal;
let bob: Terminal;
let charlie: Terminal;

async function signedUp(name: string): Promise<Terminal> {
  const terminal = await atTerminal(name);
  const { authUrl, gateways } = stack.constellation;
  const server = ['--server', authUrl, '--socket', gateways[0]?.wsUrl ?? ''];
  const { exitCode, err } = await terminal.run(['signup', terminal.name, ...server]);
  expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
  return terminal;
}

beforeAll(async () => {
  alice = await signedUp('alice');
  bob = await signedUp('bob');
  charlie = await signedUp('charlie');
}, 120_000);

const jsonOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('securechat', () => {
  test('lets two people talk by processes, and a script read every message as one line', async () => {
    const hearing = await bob.listen();
    const text = 'hello \x1b[2J\u009b31m and\nanother line';
    const sent = await alice.runAlone(['send', bob.name, '--json'], `${text}\n`);
    expect(sent.exitCode).toBe(0);
    const [mine] = jsonOf(sent.out);
    expect(mine).toMatchObject({
      type: 'message',
      from: alice.name,
      isOwn: true,
      status: expect.any(String),
    });
    const request = await hearing.line('the request', ({ type }) => type === 'request');
    expect(request).toMatchObject({ conversation: mine.conversation, from: alice.name });
    const heard = await hearing.line('the message', ({ type, id }) => type === 'message' && id === mine.id);
    expect(heard).toMatchObject({
      ...{ conversation: mine.conversation, kind: 'direct', from: alice.name, isOwn: false },
      body: { type: 'text', text, format: 'plain' },
    });
    expect(sent.out).not.toContain('\u009b');
    expect(await hearing.stop()).toBe(0);

    const answer = await bob.run(['send', mine.conversation, 'fine,', 'thanks']);
    expect(answer).toMatchObject({ exitCode: 0, err: '' });
    const later = await alice.listen('--read');
    const back = await later.line('the answer', ({ type, from }) => type === 'message' && from === bob.name);
    expect(back.body).toMatchObject({ text: 'fine, thanks' });
    expect(await later.stop()).toBe(0);
  }, 120_000);

  test('finds what was said, also offline, and says when there is nothing', async () => {
    const sent = await alice.run(['send', bob.name, 'Crème brûlée at seven']);
    expect(sent).toMatchObject({ exitCode: 0, err: '' });
    await alice.run(['send', bob.name, 'or a creme at eight?']);
    const found = await alice.run(['search', 'CREME', 'at']);
    expect(found.out).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d \[bob_\S*\] alice_\S*: or a creme at eight\?\n.* Crème brûlée at seven\n$/,
    );
    const [newest, ...more] = jsonOf((await alice.run(['search', 'creme', '--most', '1', '--json'])).out);
    expect(newest).toMatchObject({ type: 'message', body: { text: 'or a creme at eight?' } });
    expect(more).toEqual([]);
    expect(await alice.run(['search', 'nothing-of-the-kind'])).toMatchObject({
      ...{ exitCode: 0, out: '', err: expect.stringContaining('Nothing was found') },
    });
  }, 60_000);

  test('makes groups and changes them', async () => {
    const hearing = await charlie.listen();
    const created = await alice.run(['group', 'create', 'the group', bob.name, '--json']);
    expect(created).toMatchObject({ exitCode: 0, err: '' });
    const [group] = jsonOf(created.out);
    expect(group).toMatchObject({ kind: 'group', name: 'the group', ownRole: 'owner' });
    expect(await alice.run(['group', 'add', group.conversation, charlie.name])).toMatchObject({
      exitCode: 0,
    });
    await hearing.line('Charlie is in', ({ conversation }) => conversation === group.conversation);
    expect(await alice.run(['send', group.conversation, 'to all'])).toMatchObject({ exitCode: 0 });
    const heard = await hearing.line('the message', ({ type, from, body }) => {
      return type === 'message' && from === alice.name && (body as { text?: string }).text === 'to all';
    });
    expect(heard).toMatchObject({ kind: 'group', name: 'the group' });
    expect(await alice.run(['group', 'remove', group.conversation, charlie.name])).toMatchObject({
      exitCode: 0,
    });
    await hearing.line('Charlie is out', (line) => line.type === 'conversation' && line.isMember === false);
    await hearing.stop();
    expect((await charlie.run(['send', group.conversation, 'still here'])).exitCode).toBe(4);
    const [left] = jsonOf((await charlie.run(['conversations', '--json'])).out);
    expect(left).toMatchObject({ conversation: group.conversation, isMember: false });
  }, 180_000);

  test('keeps the account for its owner, links a device, takes one away, and carries history over', async () => {
    expect((await stat(join(alice.home, 'store.sqlite'))).mode & 0o777).toBe(0o600);
    await alice.run(['send', bob.name, 'remember this']);

    const second = await atTerminal('second');
    const code = (await alice.run(['link-code'])).out.trim();
    const named = ['--device', 'second', '--device-name', 'Lap\x1b[2Jtop'];
    const killed = second.begin(['link', code, ...named]);
    await killed.firstLine;
    killed.kill();
    await killed.ended;
    // let in while its keys are only in the folder
    expect(await alice.run(['approve', await killed.firstLine])).toMatchObject({ exitCode: 0 });
    const linking = second.begin(['link', ...named]);
    expect(await linking.firstLine).toBe(await killed.firstLine);
    expect(await linking.ended).toBe(0);
    expect((await second.run(['devices'])).out).toMatch(/^second +Lap\ufffd\[2Jtop +since .* {2}this one$/m);
    expect(await second.run(['name-device', 'second', 'Laptop'])).toMatchObject({ exitCode: 0, err: '' });
    expect((await second.run(['name-device', 'third', 'Phone'])).exitCode).toBe(2);
    await until(
      'the first device knows the name',
      async () => /^second +Laptop +since/m.test((await alice.run(['devices'])).out),
      20_000,
    );
    const shown = jsonOf((await alice.run(['devices', '--json'])).out);
    const names = ['Laptop', expect.stringMatching(/^Terminal on ./)];
    expect(shown.map(({ name }) => name).sort()).toEqual(names);
    expect(await alice.run(['revoke', 'second'])).toMatchObject({ exitCode: 0, err: '' });
    // within 5 s, says the protocol; each look starts a program
    const look = () => second.run(['devices']);
    const out = await until(
      'it is out',
      async () => ((await look()).exitCode === 4 ? look() : undefined),
      20_000,
    );
    expect(out.err).toContain('may have been revoked');

    const file = join(alice.home, 'history');
    expect(await alice.runAlone(['export', file], 'a passphrase\n')).toMatchObject({ exitCode: 0, err: '' });
    expect((await readFile(file)).includes('remember this')).toBe(false);
    expect((await alice.runAlone(['import', file], 'another one\n')).exitCode).toBe(4);
    expect((await alice.runAlone(['import', file], 'a passphrase\n')).out).toBe(
      '0 messages were new here.\n',
    );

    const number = await alice.run(['verify', bob.name, '--matches']);
    expect(number.out).toContain(`${bob.name}: verified`);
    expect((await bob.run(['verify', alice.name])).out.split('\n').slice(1)).toEqual(
      number.out.split('\n').slice(1),
    );
    expect(await alice.runAlone(['doctor'])).toMatchObject({ exitCode: 0, err: '' });
  }, 180_000);

  test('says what to do next when something cannot be done, each with its exit code', async () => {
    const nobody = await atTerminal('nobody');
    expect(await nobody.run(['send', 'alice', 'hello'])).toMatchObject({
      ...{ exitCode: 4, err: expect.stringContaining('securechat signup NAME') },
    });
    expect(await nobody.runAlone(['sing'])).toMatchObject({ exitCode: 2 });
    expect(await nobody.run(['send'])).toMatchObject({ exitCode: 2, err: expect.stringContaining('--help') });
    expect(await nobody.run(['signup', 'x', '--server', 'ftp://x'])).toMatchObject({ exitCode: 2 });
    expect(await nobody.run(['signup', 'x', '--server', 'http://127.0.0.1:9'])).toMatchObject({
      ...{ exitCode: 3, err: expect.stringContaining('securechat doctor') },
    });
    const { certificate: cert, key } = createSelfSigned();
    const door = createServer({ cert, key }, (_, answer) => answer.end()).listen(0, '127.0.0.1');
    await once(door, 'listening');
    const url = `https://127.0.0.1:${(door.address() as AddressInfo).port}`;
    expect(await nobody.run(['signup', 'x', '--server', url])).toMatchObject({
      ...{ exitCode: 3, err: expect.stringContaining('cannot be reached: self-signed certificate') },
    });
    door.close();
    expect(await nobody.runAlone(['chat'])).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('not a terminal'),
    });
    expect(await alice.run(['signup', alice.name])).toMatchObject({
      ...{ exitCode: 4, err: expect.stringContaining('--home') },
    });
    const listening = await alice.listen();
    expect(await alice.run(['send', 'bob', 'hello'])).toMatchObject({
      ...{ exitCode: 3, err: expect.stringContaining('end it') },
    });
    await listening.stop();
    expect((await alice.run(['send', 'nobody_at_all', 'hello'])).exitCode).toBe(4);
  }, 120_000);

  test('says of an invite that is good no more that it is the invite', async () => {
    const { auths, authUrl, gateways } = stack.constellation;
    const late = await atTerminal('late');
    const server = ['--server', authUrl, '--socket', gateways[0]?.wsUrl ?? ''];
    await auths[0]?.restart(undefined, { AUTH_ENROLMENT: 'invite', AUTH_ADMIN_TOKEN: 'A'.repeat(43) });
    try {
      expect(
        await late.runAlone(['signup', late.name, '--invite', ...server], 'used-already\n'),
      ).toMatchObject({
        ...{ exitCode: 4, err: expect.stringContaining('ask for a new one') },
      });
      expect(await late.run(['signup', late.name, ...server])).toMatchObject({
        ...{ exitCode: 4, err: expect.stringContaining('--invite') },
      });
    } finally {
      await auths[0]?.restart(undefined, { AUTH_ENROLMENT: 'open' });
    }
  }, 120_000);

  test('says that the clock of this machine is wrong, whichever way', async () => {
    // its certificate begins now
    await stack.constellation.gateways[0]?.restart();
    for (const byMs of [-600_000, 600_000]) {
      const now = Date.now.bind(Date);
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
      try {
        expect(await alice.run(['send', bob.name, 'at what time?'])).toMatchObject({
          ...{ exitCode: 4, err: expect.stringContaining('Set the clock of this machine.') },
        });
      } finally {
        clock.mockRestore();
      }
    }
    expect((await alice.run(['send', bob.name, 'at this time'])).exitCode).toBe(0);
  }, 120_000);

  test('answers requests, gives roles, and starts a conversation over', async () => {
    const dave = await signedUp('dave');
    const standing = async ({ run }: Terminal, id: string) =>
      jsonOf((await run(['conversations', '--json'])).out).find(({ conversation }) => conversation === id);
    const hearing = await alice.listen();
    const [{ conversation }] = jsonOf((await dave.run(['send', alice.name, 'hello', '--json'])).out);
    await hearing.line('the request', ({ type, from }) => type === 'request' && from === dave.name);
    await hearing.stop();
    expect(await standing(alice, conversation)).toMatchObject({ isRequest: true, isStuck: false });
    expect(await alice.run(['accept', conversation])).toMatchObject({ exitCode: 0, err: '' });
    expect(await standing(alice, conversation)).toMatchObject({ isRequest: false });
    expect(await alice.run(['block', dave.name])).toMatchObject({ exitCode: 0, err: '' });
    expect(await standing(alice, conversation)).toMatchObject({ isBlocked: true });
    expect(await alice.run(['unblock', dave.name])).toMatchObject({ exitCode: 0, err: '' });

    const created = await alice.run(['group', 'create', 'roles', dave.name, '--json']);
    const [group] = jsonOf(created.out);
    const role = ['group', 'role', group.conversation, dave.name];
    expect((await alice.run([...role, 'king'])).exitCode).toBe(2);
    expect(await alice.run([...role, 'admin'])).toMatchObject({ exitCode: 0, err: '' });
    const his = await dave.listen();
    await his.line('Dave is admin', (line) => {
      return line.conversation === group.conversation && line.ownRole === 'admin';
    });
    expect(await alice.run(['restart', group.conversation])).toMatchObject({ exitCode: 0, err: '' });
    await his.line('the keys are new', ({ type, body }) => {
      return type === 'message' && (body as { notice?: { type: string } }).notice?.type === 'restarted';
    });
    await his.stop();
  }, 120_000);

  test('makes a link into a group, by which another one comes in, and takes one back', async () => {
    const created = await alice.run(['group', 'create', 'linked', bob.name]);
    const id = /^c_[^:]+/.exec(created.out)?.[0] ?? '';
    const link = (await alice.run(['group-link', 'create', id, '--uses', '2', '--days', '1'])).out.trim();
    expect(link).toMatch(/^securechat-invite:1:/);
    const listening = await alice.listen();
    const joined = await charlie.runAlone(['join', '--json'], `${link}\n`);
    expect(joined.err).not.toContain(link);
    expect(jsonOf(joined.out)).toMatchObject([{ conversation: id, isMember: true }]);
    expect(await listening.stop()).toBe(0);

    const [shown] = jsonOf((await alice.run(['group-link', 'list', id, '--json'])).out);
    expect(shown).toMatchObject({ type: 'group-link', conversationId: id, left: 1 });
    expect((await alice.run(['group-link', 'revoke', id, shown.id])).exitCode).toBe(0);
    expect((await alice.run(['group-link', 'list', id])).out).toContain('no valid links');
    expect((await charlie.run(['group-link', 'create', id])).err).toContain('only owners and admins');
    expect((await alice.run(['group-link', 'create', id, '--uses', 'many'])).exitCode).toBe(2);
    const garbled = await charlie.runAlone(['join'], 'nonsense\n');
    expect(garbled).toMatchObject({ exitCode: 4, err: expect.stringContaining('cannot be used') });
  }, 120_000);

  test('goes by TCP where no WebSocket gets through', async () => {
    const { authUrl, gateways } = stack.constellation;
    const erin = await atTerminal('erin');
    // a port of this machine at which nobody is
    const server = ['--server', authUrl, '--socket', 'ws://127.0.0.1:1/v1/ws'];
    process.env.SECURECHAT_TCP = `tcp://127.0.0.1:${gateways[0]?.tcpPort}`;
    try {
      expect((await erin.run(['signup', erin.name, ...server])).exitCode).toBe(0);
      expect(await erin.run(['send', alice.name, 'by another way'])).toMatchObject({ exitCode: 0, err: '' });
      process.env.SECURECHAT_TCP = 'https://127.0.0.1';
      const wrong = await erin.run(['send', alice.name, 'by no way']);
      expect(wrong).toMatchObject({ exitCode: 2, err: expect.stringContaining('tcp:// or tls://') });
    } finally {
      delete process.env.SECURECHAT_TCP;
    }
  }, 120_000);

  test('follows its server to another address, and stays where it is when nobody is there', async () => {
    const { authUrl, gateways } = stack.constellation;
    const socket = gateways[0]?.wsUrl ?? '';
    const nowhere = ['--server', authUrl, '--socket', 'ws://127.0.0.1:1/v1/ws'];
    const frank = await atTerminal('frank');
    process.env.SECURECHAT_TCP = `tcp://127.0.0.1:${gateways[0]?.tcpPort}`;
    try {
      expect((await frank.run(['signup', frank.name, ...nowhere])).exitCode).toBe(0);
    } finally {
      delete process.env.SECURECHAT_TCP;
    }
    expect(await frank.run(['follow'])).toMatchObject({ exitCode: 2 });
    expect(await frank.run(['follow', '--server', authUrl, '--socket', socket])).toMatchObject({
      ...{
        exitCode: 0,
        out: expect.stringContaining(`at ${authUrl}, its WebSocket at ${socket} from now on`),
      },
    });
    expect(await frank.run(['send', alice.name, 'from there'])).toMatchObject({ exitCode: 0, err: '' });
    expect(await frank.run(['follow', ...nowhere])).toMatchObject({
      ...{
        exitCode: 3,
        err: expect.stringContaining(`The address stays ${authUrl}, its WebSocket at ${socket}`),
      },
    });
    expect(await frank.run(['send', alice.name, 'still there'])).toMatchObject({ exitCode: 0, err: '' });
  }, 120_000);
});
