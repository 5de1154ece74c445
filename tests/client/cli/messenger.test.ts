import { afterAll, afterEach, beforeAll, describe, expect, jest } from '@jest/globals';
import { runMessenger } from '@securechat/cli/messenger';
import { nodePeers } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../../support/stack.ts';
import { type TestDevice, useDevices } from '../support/people.ts';
import { FakeTerminal } from './support/fake-terminal.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1, presences: 1 });
const { test } = stack;
const devices = useDevices(stack, afterAll);
let alice: TestDevice;
let bob: TestDevice;
let charlie: TestDevice;
beforeAll(async () => {
  alice = await devices.signUp('alice');
  bob = await devices.signUp('bob');
  charlie = await devices.signUp('charlie');
}, 120_000);
const leaving: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of leaving.splice(0)) await leave();
});

const CTRL_C = '\x03';
const CTRL_U = '\x15';
const ESC = '\x1b';
const PAGE_UP = '\x1b[5~';
const PAGE_DOWN = '\x1b[6~';

function openMessenger({ client }: TestDevice, user?: string) {
  const terminal = new FakeTerminal();
  const { stdin, stdout } = terminal;
  const options = {
    stdin,
    stdout,
    stderr: stdout,
    patchConsole: false,
    // nobody looks: what is drawn between costs time and shows nothing
    maxFps: 5,
    interactive: true,
  };
  const ended = runMessenger(client, user, options, () => nodePeers({ bindAddress: '127.0.0.1' }));
  const leave = async (): Promise<void> => {
    terminal.type(CTRL_C);
    await ended;
  };
  leaving.push(leave);
  return { terminal, leave };
}

/** The same key until something is on the screen; each time what it does has to show. */
async function moveTo(terminal: FakeTerminal, key: string, wanted: string): Promise<void> {
  for (;;) {
    const before = terminal.rows().join('\n');
    if (before.includes(wanted)) return;
    terminal.type(key);
    await until('the screen moves', () => terminal.rows().join('\n') !== before);
  }
}

const idOf = ({ client }: TestDevice): string => client.me.userId;

describe('the messenger', () => {
  test('shows two people their conversation, and how far a message has come', async () => {
    const hers = openMessenger(alice).terminal;
    const his = openMessenger(bob).terminal;
    await hers.shows('● connected');
    hers.enter(`/new ${idOf(bob)}`);
    await hers.shows(/^ {2}bob/);
    hers.enter('hello over there');
    await hers.shows(/hello over there ✓/);
    await his.shows('a request: /accept or /block');
    await his.shows(`${idOf(alice)}: hello over there`);
    his.enter('not yet');
    await his.shows('This is a request.');
    await his.shows('> not yet');
    his.type(`${CTRL_U}/accept\r`);
    await his.shows('Accepted.');
    his.enter('/reply 2 fine');
    await hers.shows(/↪ .*hello over there \| fine/);
    await hers.shows(/hello over there ✓✓ read/);
    await hers.shows(/ – online/);
    his.type('a longer answ');
    await hers.shows('is typing …');
    his.type(CTRL_U);
    await hers.shows(/ – online/);
    hers.enter('/members');
    await hers.shows(/bob_\d+ .* 1 device ✓✓ read/);
    hers.type(ESC);
    await hers.shows('hello over there');
    hers.enter('/verify');
    await hers.shows(/^(\d{5} ){5}\d{5}/);
  }, 120_000);

  test('makes a group, changes it, and shows what is refused', async () => {
    const hers = openMessenger(alice).terminal;
    hers.enter(`/group our_place ${idOf(bob)}`);
    await hers.shows('our place – 2 members, you are owner');
    hers.enter(`/add ${idOf(charlie)}`);
    await hers.shows('3 members');
    hers.enter(`/remove ${idOf(bob)}`);
    await hers.shows(`${idOf(bob)} was removed.`);
    hers.enter('/rename another place');
    await hers.shows('another place – 2 members');
    hers.enter('/link 2 3');
    await hers.shows('For 2 people and 3 days');
    await hers.shows(/^securechat-invite:1:/);
    hers.enter('/link-code');
    await hers.shows('On the new device: securechat link "CODE"');
    await hers.shows(/^securechat:link\/1\//);
    hers.type(ESC);
    await hers.shows('another place – 2 members');
    hers.enter('/nonsense');
    await hers.shows('There is no /nonsense. /help lists them.');
    hers.type(CTRL_U);
    hers.enter('/leave');
    await hers.shows('A group needs an owner');
    await hers.shows('/role USER owner');
    hers.type(CTRL_U);
    hers.enter(`/role ${idOf(charlie)} owner`);
    await hers.shows(`${idOf(charlie)} is owner.`);
    hers.enter('/leave');
    await hers.shows('You have left');
  }, 120_000);

  test('leads into threads and back, and moves through what does not fit', async () => {
    const hers = openMessenger(alice, idOf(bob)).terminal;
    const his = openMessenger(bob, idOf(alice)).terminal;
    await hers.shows('● connected');
    await his.shows('● connected');
    hers.enter('where threads begin');
    await hers.shows(/where threads begin ✓/);
    await his.shows('where threads begin');
    const [, number] = /(\d+) \d\d:\d\d .*where threads begin/.exec(hers.rows().join('\n')) ?? [];
    hers.enter(`/thread ${number}`);
    await hers.shows('Nothing yet.');
    hers.enter(`/thread ${number} only in the thread`);
    await hers.shows(`${idOf(alice)}: only in the thread`);
    await his.shows(/wrote in a thread: \/thread \d+/);
    expect(his.rows().join('\n')).not.toContain('only in the thread');
    const [, theirs] = /wrote in a thread: \/thread (\d+)/.exec(his.rows().join('\n')) ?? [];
    his.enter(`/thread ${theirs}`);
    await his.shows(`${idOf(alice)}: only in the thread`);
    his.type(ESC);
    await his.shows('where threads begin');
    his.enter('/search THREAD only');
    await his.shows('Found, the newest first');
    await his.shows(`[${idOf(alice)}] ${idOf(alice)}: only in the thread`);
    his.type(ESC);
    await his.shows('where threads begin');
    his.enter('/search nothing-of-the-kind');
    await his.shows('Nothing was found.');

    hers.enter('/help');
    await hers.shows('/new USER');
    expect(hers.rows().some((row) => row.includes('/approve CODE'))).toBe(false);
    await moveTo(hers, PAGE_DOWN, '/approve CODE');
    expect(hers.rows().some((row) => row.includes('/new USER'))).toBe(false);
    await moveTo(hers, PAGE_UP, '/new USER');
    hers.type(ESC);
    await hers.shows('where threads begin');
  }, 120_000);

  test('shows the beginning of what is too long for the window, and all of it when asked', async () => {
    const hers = openMessenger(alice, idOf(bob)).terminal;
    const chat = await alice.client.direct(idOf(bob));
    const words = Array.from({ length: 600 }, (_, index) => `word${index}`);
    await chat.send(`It begins here\n${words.join(' ')}`);
    await hers.shows('It begins here ⏎ word0');
    await hers.shows(/… \/show \d+/);
    const [, number] = /\/show (\d+)/.exec(hers.rows().join('\n')) ?? [];
    hers.enter(`/show ${number}`);
    await hers.shows(/^It begins here$/);
    expect(hers.rows().join('\n')).not.toContain('word599');
    await moveTo(hers, PAGE_DOWN, 'word599');
    hers.type(ESC);
    await hers.shows('It begins here ⏎ word0');
  }, 120_000);

  test('says in words that somebody takes no messages, and that one takes none', async () => {
    const hers = openMessenger(alice, idOf(charlie)).terminal;
    const his = openMessenger(charlie, idOf(alice)).terminal;
    await hers.shows('started this with');
    await his.shows('started this with');
    his.enter('/accept');
    await his.shows('Accepted.');
    his.enter('/block');
    await his.shows('Blocked. The other is not told.');
    his.enter('but I would like to say');
    await his.shows(`You have blocked ${idOf(alice)}. /unblock to chat again.`);
    hers.enter('can you hear me?');
    await hers.shows('✗ failed: they do');
  }, 120_000);

  test('fits windows of many sizes, and leaves the terminal as it was', async () => {
    const { terminal, leave } = openMessenger(alice, idOf(bob));
    await terminal.shows('started this with');
    await terminal.shows('● connected');
    terminal.enter('first words');
    await terminal.shows(/first words ✓/);
    expect(terminal.screen).toBe('alternate');
    expect(terminal.isRaw).toBe(true);
    for (const [columns, rows] of [
      [40, 10],
      [120, 40],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      // what is drawn for the size before may still come
      await until(`everything has its place in ${columns} columns and ${rows} rows`, () => {
        const shown = terminal.rows();
        const isSaid = shown.some((row) => /first words ✓/.test(row));
        return isSaid && /^securechat {2}alice/.test(shown[0] ?? '') && shown.at(-1)?.startsWith('>');
      });
    }
    await leave();
    expect(terminal.screen).toBe('normal');
    expect(terminal.isRaw).toBe(false);
  }, 120_000);

  test('connects two directly when both allow it, and goes by the server when one does no more', async () => {
    const hers = openMessenger(alice, idOf(bob)).terminal;
    await hers.shows('● connected');
    const his = openMessenger(bob, idOf(alice)).terminal;
    await his.shows('● connected');
    hers.enter('/direct on');
    await hers.shows('Faster once');
    await hers.shows('through the server');
    his.enter('/direct on');
    await hers.shows('connected directly', 60_000);
    await his.shows('connected directly', 60_000);
    hers.enter('a short way');
    await his.shows('a short way');
    await hers.shows(/a short way ✓/);
    his.enter('/direct off');
    await his.shows('goes only through the server');
    await hers.shows('through the server', 60_000);
    his.enter('the long way');
    await hers.shows('the long way');
    hers.enter('/direct maybe');
    await hers.shows('There is no maybe.');
    hers.type(CTRL_U);
    hers.enter('/direct off');
    await hers.shows('goes only through the server');
  }, 180_000);

  test('obeys nothing that others have written', async () => {
    const victim = await devices.signUp('alice');
    const { terminal } = openMessenger(victim);
    const attack = '\x1b[2J\x1b[H\x1b]0;owned\x07\u009b31mgone\r\nforged';
    const group = await charlie.client.createGroup({ name: `name ${attack}`, members: [idOf(victim)] });
    await group.send(`text ${attack}`);
    await terminal.shows('text');
    await terminal.shows('forged');
    expect(terminal.titles).toEqual([]);
    expect(terminal.rows()[0]).toMatch(/^securechat {2}alice/);
    expect(terminal.rows().some((row) => row.startsWith('forged') || row.startsWith('gone'))).toBe(false);
  }, 120_000);

  test('shows that there is no connection, and what waits until there is one', async () => {
    const { terminal } = openMessenger(alice, idOf(bob));
    await terminal.shows('started this with');
    await terminal.shows('● connected');
    terminal.enter('with a connection');
    await terminal.shows(/with a connection ✓/);
    await stack.constellation.gateways[0]?.kill('SIGKILL');
    await terminal.shows('○');
    terminal.enter('without one');
    await terminal.shows('1 waiting');
    await terminal.shows(/without one […→]/);
    // before the certificate of a gateway that has just begun
    const now = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() - 600_000);
    try {
      await stack.constellation.gateways[0]?.restart();
      await terminal.shows('Set the clock of this machine.');
    } finally {
      clock.mockRestore();
    }
    await terminal.shows(/without one ✓/);
  }, 120_000);

  test('keeps nothing to be sent once its device was removed', async () => {
    const second = await devices.link(alice);
    await until(
      'it is in',
      () => second.client.conversations().some(({ peer }) => peer === idOf(bob)),
      30_000,
    );
    const { terminal } = openMessenger(second, idOf(bob));
    await terminal.shows(/^ {2}bob/);
    await alice.client.revoke(second.client.me.deviceId);
    await terminal.shows('ended: ');
    terminal.enter('into the void');
    await terminal.shows('Nothing can be sent any more.');
    await terminal.shows('> into the void');
    expect(second.client.waiting).toBe(0);
  }, 120_000);

  test('lists nobody as a request who has not said a word', async () => {
    const dora = await devices.signUp('dora');
    const hers = openMessenger(alice).terminal;
    await hers.shows('● connected');
    const chat = await dora.client.direct(idOf(alice));
    await until('it has come', () => alice.client.conversation(chat.id));
    await hers.shows(/^ {2}bob/);
    expect(hers.rows().join('\n')).not.toContain('dora');
    await chat.send('May I?');
    await hers.shows('? (1) dora');
  }, 60_000);
});
