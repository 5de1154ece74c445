import { afterEach, describe, expect } from '@jest/globals';
import { runMessenger } from '@securechat/cli/messenger';
import { until } from '@securechat/testkit';
import { useConstellation } from '../../support/stack.ts';
import { type TestDevice, useDevices } from '../support/people.ts';
import { FakeTerminal } from './support/fake-terminal.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);
const leaving: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of leaving.splice(0)) await leave();
});

const CTRL_C = '\x03';
const CTRL_U = '\x15';
const ESC = '\x1b';

function openMessenger({ client }: TestDevice, user?: string) {
  const terminal = new FakeTerminal();
  const { stdin, stdout } = terminal;
  const ended = runMessenger(client, user, {
    stdin,
    stdout,
    stderr: stdout,
    patchConsole: false,
    interactive: true,
  });
  const leave = async (): Promise<void> => {
    terminal.type(CTRL_C);
    await ended;
  };
  leaving.push(leave);
  return { terminal, leave };
}

const idOf = ({ client }: TestDevice): string => client.me.userId;

describe('the messenger', () => {
  test('shows two people their conversation, and how far a message has come', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
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
    hers.enter('/members');
    await hers.shows(/bob_\d+ .* 1 device ✓✓ read/);
    hers.type(ESC);
    await hers.shows('hello over there');
    hers.enter('/verify');
    await hers.shows(/^\s.*(\d{5} ){5}\d{5}/);
  }, 120_000);

  test('makes a group, changes it, and shows what is refused', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const charlie = await devices.signUp('charlie');
    const hers = openMessenger(alice).terminal;
    hers.enter(`/group our_place ${idOf(bob)}`);
    await hers.shows('our place – 2 members, you are owner');
    hers.enter(`/add ${idOf(charlie)}`);
    await hers.shows('3 members');
    hers.enter(`/remove ${idOf(bob)}`);
    await hers.shows(`${idOf(bob)} is out.`);
    hers.enter('/rename another place');
    await hers.shows('another place – 2 members');
    hers.enter('/nonsense');
    await hers.shows('There is no /nonsense. /help lists all.');
    hers.type(CTRL_U);
    hers.enter('/leave');
    await hers.shows('A group needs an owner');
    await hers.shows('/role USER owner, then leave.');
    hers.type(CTRL_U);
    hers.enter(`/role ${idOf(charlie)} owner`);
    await hers.shows(`${idOf(charlie)} is owner.`);
    hers.enter('/leave');
    await hers.shows('You have left');
  }, 120_000);

  test('fits windows of many sizes, and leaves the terminal as it was', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const { terminal, leave } = openMessenger(alice, idOf(bob));
    await terminal.shows('began this with');
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

  test('obeys nothing that others have written', async () => {
    const alice = await devices.signUp('alice');
    const mallory = await devices.signUp('mallory');
    const { terminal } = openMessenger(alice);
    const attack = '\x1b[2J\x1b[H\x1b]0;owned\x07\u009b31mgone\r\nforged';
    const group = await mallory.client.createGroup({ name: `name ${attack}`, members: [idOf(alice)] });
    await group.send(`text ${attack}`);
    await terminal.shows('text');
    await terminal.shows('forged');
    expect(terminal.titles).toEqual([]);
    expect(terminal.rows()[0]).toMatch(/^securechat {2}alice/);
    expect(terminal.rows().some((row) => row.startsWith('forged') || row.startsWith('gone'))).toBe(false);
  }, 120_000);

  test('shows that there is no connection, and what waits until there is one', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const { terminal } = openMessenger(alice, idOf(bob));
    await terminal.shows('began this with');
    await terminal.shows('● connected');
    terminal.enter('with a connection');
    await terminal.shows(/with a connection ✓/);
    await stack.constellation.gateways[0]?.kill('SIGKILL');
    await terminal.shows('○');
    terminal.enter('without one');
    await terminal.shows('1 waiting');
    await terminal.shows(/without one […→]/);
  }, 120_000);
});
