import { describe, expect } from '@jest/globals';
import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { EvilMember, NONSENSE } from './support/evil-member.ts';
import { useEvilServers } from './support/evil-server.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);
const evilServer = useEvilServers(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const said = async ({ client }: TestDevice, id: string) => texts(await client.conversation(id)!.messages());

/** Alice owns a group with Bob and Mallory, who changes what her own client sends, and signs it again. */
async function group() {
  const server = await evilServer();
  const alice = await devices.signUp('alice');
  const bob = await devices.signUp('bob');
  const mallory = await devices.signUp('mallory', { socket: server.url, transport: tcpTransport() });
  const chat = await alice.client.createGroup({ name: 'us', members: [idOf(bob), idOf(mallory)] });
  for (const each of [bob, mallory]) await until('it is in', () => each.client.conversation(chat.id));
  const first = await chat.send('first');
  await until('both have it', () => [bob, mallory].every(({ seen }) => texts(seen).includes('first')));
  const theirs = mallory.client.conversation(chat.id)!;
  return { alice, bob, mallory, chat, theirs, first, evil: new EvilMember(mallory, server) };
}

describe('a member who puts something into the log that the server takes', () => {
  test('and that nobody can follow, does not end the group: its owner starts it over', async () => {
    const { alice, bob, chat, evil } = await group();
    await evil.spoil(chat.id);
    for (const { alarms } of [alice, bob]) await until('it is noticed', () => alarms.length > 0, 30_000);
    await chat.send('waits');
    const told: boolean[] = [];
    alice.client.on('conversation', ({ isStuck }) => told.push(isStuck));
    await until('Alice is told', () => chat.isStuck && told.includes(true), 30_000);
    await expect(chat.rename('another name')).rejects.toThrow('must be restarted');
    const ends: Error[] = [];
    alice.client.on('ended', (error) => ends.push(error));
    const tablet = await devices.link(alice);
    await chat.restart();
    expect(chat.isStuck).toBe(false);
    await until('Bob has what waited', async () => (await said(bob, chat.id)).includes('waits'), 30_000);
    await bob.client.conversation(chat.id)!.send('and answers');
    await until('Alice has it', async () => (await said(alice, chat.id)).includes('and answers'), 30_000);
    for (const { client } of [alice, bob])
      expect(client.conversation(chat.id)!.memberIds).toEqual([idOf(alice), idOf(bob)].sort());
    expect(await said(bob, chat.id)).toEqual(['first', 'waits', 'and answers']);
    await until('the new device has it', () => texts(tablet.seen).includes('and answers'), 30_000);
    expect(ends).toEqual([]);
  }, 120_000);

  test('and that brings somebody in whom nobody else lets in, does not end the group: who came is left out', async () => {
    const { alice, bob, mallory, theirs, chat, evil } = await group();
    await chat.setRole(idOf(mallory), 'admin');
    await until('Mallory is admin', () => theirs.ownRole === 'admin');
    const eve = await devices.signUp('eve');
    evil.change('group_member_add', { commit: NONSENSE });
    await theirs.add([idOf(eve)]);
    for (const { alarms } of [alice, bob]) await until('it is noticed', () => alarms.length > 0, 30_000);
    await chat.restart();
    await chat.send('without her');
    await until('Bob has it', () => texts(bob.seen).includes('without her'), 30_000);
    const members = [alice, bob, mallory].map(idOf).sort();
    for (const { client } of [alice, bob]) expect(client.conversation(chat.id)!.memberIds).toEqual(members);
  }, 120_000);

  test('under the id of a message of somebody else, takes nothing away from it', async () => {
    const { alice, bob, mallory, theirs, chat, first, evil } = await group();
    await chat.setRole(idOf(mallory), 'admin');
    await until('Mallory is admin', () => theirs.ownRole === 'admin');
    evil.change('group_update', { id: first.id });
    void theirs.setRole(idOf(mallory), 'member').catch(() => undefined);
    const roleAt = ({ client }: TestDevice) =>
      client
        .conversation(chat.id)!
        .members()
        .find(({ userId }) => userId === idOf(mallory))?.role;
    for (const each of [alice, bob]) await until('it is taken', () => roleAt(each) === 'member', 30_000);
    await chat.send('second');
    await until('Bob has it', () => texts(bob.seen).includes('second'), 30_000);
    expect(await said(bob, chat.id)).toEqual(['first', 'second']);
    expect(texts([(await bob.client.conversation(chat.id)!.message(first.id))!])).toEqual(['first']);
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 120_000);

  test('with a name that nobody can read, leaves the name as it was', async () => {
    const { alice, bob, mallory, theirs, chat, evil } = await group();
    await chat.setRole(idOf(mallory), 'admin');
    await until('Mallory is admin', () => theirs.ownRole === 'admin');
    evil.change('group_update', { name: NONSENSE });
    await theirs.rename('nonsense');
    for (const { alarms } of [alice, bob]) await until('it is noticed', () => alarms.length > 0, 30_000);
    await chat.rename('another name');
    await until('Bob knows', () => bob.client.conversation(chat.id)!.name === 'another name');
    expect([...alice.alarms, ...bob.alarms].map(({ type }) => type)).toEqual([
      'undecryptable',
      'undecryptable',
    ]);
  }, 120_000);
});
