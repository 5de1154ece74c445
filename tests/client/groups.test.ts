import { describe, expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const groupOf = ({ client }: TestDevice, id: string) => client.conversation(id)!;

/** A group of these people, which all of them have. */
async function groupAmong(creator: TestDevice, others: readonly TestDevice[], name = 'the group') {
  const group = await creator.client.createGroup({ name, members: others.map(idOf) });
  for (const other of others) await until(`${idOf(other)} is in`, () => other.client.conversation(group.id));
  return group;
}

async function allSay(people: readonly TestDevice[], id: string, word: string): Promise<void> {
  await Promise.all(people.map((person) => groupOf(person, id).send(`${word} of ${idOf(person)}`)));
  const wanted = people.map((person) => `${word} of ${idOf(person)}`).sort();
  for (const person of people) {
    await until(
      `${idOf(person)} has all of ${word}`,
      async () => {
        const said = texts(await groupOf(person, id).messages({ limit: 200 }));
        return wanted.every((text) => said.includes(text));
      },
      30_000,
    );
  }
}

describe('a group', () => {
  test('has its name, and everybody hears everybody, in one order', async () => {
    const people = [
      await devices.signUp('alice'),
      await devices.signUp('bob'),
      await devices.signUp('charlie'),
    ] as const;
    const [alice, bob, charlie] = people;
    const group = await groupAmong(alice, [bob, charlie]);
    await allSay(people, group.id, 'hello');
    expect(groupOf(charlie, group.id).name).toBe('the group');
    const orders = await Promise.all(people.map(async (p) => texts(await groupOf(p, group.id).messages())));
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).toEqual(orders[0]);
    expect(people.map(({ alarms }) => alarms)).toEqual([[], [], []]);
  }, 60_000);

  test('tells who is added later what who added them says of themselves', async () => {
    const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
    await alice.client.setProfile({ displayName: 'Alice of the mountains' });
    const group = await alice.client.createGroup({ name: 'the group', members: [] });
    await group.add([idOf(bob)]);
    await until(
      'Bob knows her name',
      () => bob.client.profile(idOf(alice)).displayName === 'Alice of the mountains',
    );
  });

  test('takes members in and out, changes its name and roles, and lets people go', async () => {
    const people = [
      await devices.signUp('alice'),
      await devices.signUp('bob'),
      await devices.signUp('charlie'),
      await devices.signUp('dora'),
    ] as const;
    const [alice, bob, charlie, dora] = people;
    const group = await groupAmong(alice, [bob]);
    await group.add([idOf(charlie)]);
    await until('Charlie is in', () => charlie.client.conversation(group.id));
    await allSay([alice, bob, charlie], group.id, 'one');
    expect(groupOf(charlie, group.id).name).toBe('the group');
    await group.setRole(idOf(bob), 'admin');
    await until('Bob is admin', () => groupOf(bob, group.id).ownRole === 'admin');
    await groupOf(bob, group.id).rename('another name');
    await groupOf(bob, group.id).add([idOf(dora)]);
    await until(
      'Dora is in, and knows the name',
      () => dora.client.conversation(group.id)?.name === 'another name',
    );
    await allSay(people, group.id, 'two');
    await groupOf(bob, group.id).remove(idOf(charlie));
    await until('Charlie is out', () => groupOf(charlie, group.id).isMember === false);
    await expect(groupOf(charlie, group.id).send('still here')).rejects.toThrow(
      'you are not in this conversation',
    );
    await groupOf(dora, group.id).leave();
    expect(groupOf(dora, group.id).isMember).toBe(false);
    await allSay([alice, bob], group.id, 'three');
    expect(group.memberIds).toEqual([idOf(alice), idOf(bob)].sort());
    expect(texts(await groupOf(charlie, group.id).messages()).some((text) => text.startsWith('three'))).toBe(
      false,
    );
    await expect(groupOf(bob, group.id).setRole(idOf(alice), 'member')).rejects.toThrow('your role');
    expect(people.map(({ alarms }) => alarms)).toEqual([[], [], [], []]);
  }, 120_000);

  test('comes to one state when five change it at once', async () => {
    const people = await Promise.all(['ann', 'ben', 'cat', 'dan', 'eve'].map((name) => devices.signUp(name)));
    const [creator, ...others] = people as [TestDevice, ...TestDevice[]];
    const group = await groupAmong(creator, others);
    for (const other of others) await group.setRole(idOf(other), 'admin');
    await until('all are admins', () => others.every((o) => groupOf(o, group.id).ownRole === 'admin'));
    const guests = await Promise.all(['fay', 'gus', 'hal', 'ida', 'jim'].map((name) => devices.signUp(name)));
    await Promise.all(people.map((person, index) => groupOf(person, group.id).add([idOf(guests[index]!)])));
    for (const guest of guests)
      await until(`${idOf(guest)} is in`, () => guest.client.conversation(group.id));
    await allSay([...people, ...guests], group.id, 'hello');
    expect([...people, ...guests].flatMap(({ alarms }) => alarms)).toEqual([]);
  }, 180_000);
});
