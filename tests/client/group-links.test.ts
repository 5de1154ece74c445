import { describe, expect } from '@jest/globals';
import { type GroupLinks, LinkRefused, openGroupLinks } from '@securechat/client/group-links';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;
const devices = useDevices(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const linksOf = ({ client }: TestDevice): GroupLinks => openGroupLinks(client);

async function groupOf(maker: TestDevice) {
  return maker.client.createGroup({ name: 'the group', members: [] });
}

describe('a link into a group', () => {
  test('brings in who has it, by an end-to-end encrypted word to who made it, and they talk', async () => {
    const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob', { gateway: 1 })];
    const group = await groupOf(alice);
    await group.send('said before');
    const asking: unknown[] = [];
    alice.client.on('request', (request) => asking.push(request));
    const link = await linksOf(alice).make(group);
    const joined = await linksOf(bob).join(`https://chat.example/#${link}`);
    expect({ id: joined.id, isRequest: joined.isRequest, members: joined.memberIds }).toEqual({
      ...{ id: group.id, isRequest: false, members: [idOf(alice), idOf(bob)].sort() },
    });
    await until('Bob knows its name', () => joined.name === 'the group');
    await joined.send('here I am');
    await until('Alice hears him', async () => texts(await group.messages()).includes('here I am'));
    // nothing of before can be read, as after every addition
    expect(texts(await joined.messages())).toEqual(['here I am']);
    // who was let in is no stranger who asks
    const asked = () => alice.client.conversations().find(({ peer }) => peer === idOf(bob));
    await until('Alice has no request of him', () => asked()?.isRequest === false);
    expect(asking).toEqual([]);
    // who shows it again is in already
    expect((await linksOf(bob).join(link)).id).toBe(group.id);
    expect([alice.alarms, bob.alarms]).toEqual([[], []]);
  }, 60_000);

  test('is good for as many as its maker chose, and then for nobody', async () => {
    const [alice, bob, charlie, dora] = [
      await devices.signUp('alice'),
      await devices.signUp('bob'),
      await devices.signUp('charlie'),
      await devices.signUp('dora'),
    ] as const;
    const group = await groupOf(alice);
    const link = await linksOf(alice).make(group, { uses: 2 });
    await Promise.all([linksOf(bob).join(link), linksOf(charlie).join(link)]);
    expect(await linksOf(alice).of(group)).toEqual([]);
    await expect(linksOf(dora).join(link)).rejects.toThrow(LinkRefused);
    expect(group.memberIds).toEqual([idOf(alice), idOf(bob), idOf(charlie)].sort());
  }, 60_000);

  test('that was taken back lets in nobody, and neither does one of who is no admin any more', async () => {
    const [alice, bob, charlie] = [
      await devices.signUp('alice'),
      await devices.signUp('bob'),
      await devices.signUp('charlie'),
    ] as const;
    const group = await groupOf(alice);
    const taken = await linksOf(alice).make(group);
    const [shown] = await linksOf(alice).of(group);
    expect(shown).toMatchObject({ id: expect.stringMatching(/^l_/), conversationId: group.id, left: 1 });
    await linksOf(alice).revoke(shown!);
    await expect(linksOf(charlie).join(taken)).rejects.toThrow(LinkRefused);

    await group.add([idOf(bob)]);
    await group.setRole(idOf(bob), 'admin');
    const bobs = () => bob.client.conversation(group.id);
    await until('Bob is admin', () => bobs()?.ownRole === 'admin');
    const link = await linksOf(bob).make(bobs()!);
    await group.setRole(idOf(bob), 'member');
    await until('Bob is none', () => bobs()?.ownRole === 'member');
    await expect(linksOf(charlie).join(link)).rejects.toThrow(LinkRefused);
    await expect(linksOf(bob).make(bobs()!)).rejects.toThrow('only owners and admins');
    expect(group.memberIds).toEqual([idOf(alice), idOf(bob)].sort());
  }, 60_000);

  test('waits for its maker, also in a new process and at another device of theirs', async () => {
    const alice = await devices.signUp('alice');
    const second = await devices.link(alice);
    const bob = await devices.signUp('bob');
    const group = await groupOf(alice);
    await until('the second device has it', () => second.client.conversation(group.id)?.isMember);
    const link = await linksOf(alice).make(group, { uses: 2 });
    await until('and knows the link', async () => {
      const here = second.client.conversation(group.id);
      return here && (await linksOf(second).of(here)).length === 1;
    });
    await alice.client.close();
    expect((await linksOf(bob).join(link)).memberIds).toContain(idOf(bob));

    await second.client.close();
    const charlie = await devices.signUp('charlie');
    const joining = linksOf(charlie).join(link);
    await until(
      'Charlie has asked',
      () => charlie.client.conversations().length === 1 && charlie.client.waiting === 0,
    );
    expect(charlie.client.conversation(group.id)).toBeUndefined();
    await devices.restart(second);
    expect((await joining).id).toBe(group.id);
  }, 120_000);

  test('tells its secret to nobody but the account that it names', async () => {
    const [alice, bob, mallory] = [
      await devices.signUp('alice'),
      await devices.signUp('bob'),
      await devices.signUp('mallory'),
    ] as const;
    const group = await groupOf(alice);
    const link = await linksOf(alice).make(group);
    // as if the server showed keys of its own under the maker's name
    const forged = link.replace(`:${idOf(alice)}:`, `:${idOf(mallory)}:`);
    await expect(linksOf(bob).join(forged)).rejects.toMatchObject({ name: 'NotTheSame' });
    expect(bob.client.conversations()).toEqual([]);
    expect((await linksOf(bob).join(link)).id).toBe(group.id);
  }, 60_000);

  test('with another secret is not answered, and does nothing', async () => {
    const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
    const group = await groupOf(alice);
    const link = await linksOf(alice).make(group);
    const guessed = link.replace(/.{4}$/, (end) => (end === 'AAAA' ? 'BAAA' : 'AAAA'));
    await expect(linksOf(bob).join(guessed, { deadlineMs: 3_000 })).rejects.toMatchObject({
      name: 'RequestTimedOut',
    });
    expect(group.memberIds).toEqual([idOf(alice)]);
    expect((await linksOf(alice).of(group)).map(({ left }) => left)).toEqual([1]);
    expect(alice.client.conversations().filter(({ isRequest }) => isRequest)).toMatchObject([
      { peer: idOf(bob), isListed: false },
    ]);
  }, 60_000);

  test('is read strictly', async () => {
    const bob = await devices.signUp('bob');
    const whole = 'A'.repeat(43);
    for (const text of [
      'securechat-invite:1:c_1:alice',
      'securechat-invite:1:c_1:alice:AAAA:AAAA',
      // the same bytes, written otherwise
      `securechat-invite:1:c_1:alice:${whole}:${'A'.repeat(42)}B`,
      `securechat-invite:1:c_1:alice:${whole}:${whole}:more`,
      'https://chat.example/',
      '',
    ])
      await expect(linksOf(bob).join(text)).rejects.toMatchObject({ because: 'garbled' });
    expect(bob.client.conversations()).toEqual([]);
  });

  test('of a newer version says so; days and uses have bounds', async () => {
    const alice = await devices.signUp('alice');
    const group = await groupOf(alice);
    await expect(linksOf(alice).join('securechat-invite:2:whatever')).rejects.toMatchObject({
      because: 'newer',
    });
    for (const options of [{ days: 0 }, { days: 31 }, { uses: 0 }, { uses: 101 }, { uses: 1.5 }])
      await expect(linksOf(alice).make(group, options)).rejects.toThrow(RangeError);
    const bob = await devices.signUp('bob');
    const two = await alice.client.direct(idOf(bob));
    await expect(linksOf(alice).make(two)).rejects.toThrow('into groups');
  }, 60_000);
});
