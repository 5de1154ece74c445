import { describe, expect } from '@jest/globals';
import type { Transport } from '@securechat/client';
import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type EvilServer, type Item, useEvilServers } from './support/evil-server.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);
const evilServer = useEvilServers(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const through = ({ url }: EvilServer): Transport => ({
  connect: (_, events, options) => tcpTransport().connect(url, events, options),
});

/**
 * The next conversation into which this person brings the device has a welcome that does not open; what comes after it is as it should be.
 * The own devices may begin one of theirs at any time.
 */
function spoilNextWelcome(server: EvilServer, by: TestDevice): void {
  server.rewrite = (item) => {
    if (item.type !== 'group_create' || item.from !== idOf(by)) return [item];
    server.rewrite = (other) => [other];
    return [spoilt(item)];
  };
}

function spoilt(item: Item): Item {
  const welcome = Buffer.from(item.welcome as string, 'base64');
  welcome[welcome.length - 1]! ^= 1;
  return { ...item, welcome: welcome.toString('base64') };
}

/** What is said from now on reaches this device, which was told once that something is wrong. */
async function hears(device: TestDevice, id: string, by: TestDevice, text: string): Promise<void> {
  await until('it is let in', () => device.client.conversation(id)?.isMember, 30_000);
  await by.client.conversation(id)!.send(text);
  await until('it has it', () => texts(device.seen).includes(text), 30_000);
  expect(device.alarms.map(({ type }) => type)).toEqual(['undecryptable']);
}

describe('a device that cannot open its welcome', () => {
  test('is let in again by another one of its user', async () => {
    const server = await evilServer();
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const tablet = await devices.link(alice, { transport: through(server) });
    // whoever has no keys at the server is brought in later, by its own phone
    await tablet.client.reachable();
    spoilNextWelcome(server, bob);
    const chat = await bob.client.createGroup({ members: [idOf(alice)] });
    await chat.send('nothing that the tablet can read');
    await hears(tablet, chat.id, bob, 'for both devices');
    await until('the phone has it', () => texts(alice.seen).includes('for both devices'), 30_000);
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 90_000);

  test('and is the only one is let in again by who has brought it in', async () => {
    const server = await evilServer();
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { socket: server.url, transport: tcpTransport() });
    const direct = await alice.client.direct(idOf(bob));
    await until('Bob has it', () => bob.client.conversation(direct.id), 30_000);
    await bob.client.conversation(direct.id)!.accept();
    spoilNextWelcome(server, alice);
    const chat = await alice.client.createGroup({ members: [idOf(bob)] });
    await hears(bob, chat.id, alice, 'in the group');
    expect(chat.memberIds).toEqual([idOf(alice), idOf(bob)].sort());
    expect(alice.alarms).toEqual([]);
  }, 90_000);

  test('starts a conversation of two over', async () => {
    const server = await evilServer();
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { socket: server.url, transport: tcpTransport() });
    const group = await alice.client.createGroup({ members: [idOf(bob)] });
    await until('Bob has it', () => bob.client.conversation(group.id), 30_000);
    await bob.client.conversation(group.id)!.accept();
    spoilNextWelcome(server, alice);
    const chat = await alice.client.direct(idOf(bob));
    await hears(bob, chat.id, alice, 'between us');
    expect(alice.alarms).toEqual([]);
  }, 90_000);
});
