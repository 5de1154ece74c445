import { expect } from '@jest/globals';
import type { Downstream } from '@securechat/protocol';
import {
  type ChangeName,
  type ChangeSource,
  type ChatClient,
  type Conversation,
  checkHistory,
  History,
  makeChange,
  makeGroup,
  type Person,
  type RawClient,
  someMaterial,
  until,
} from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({
  gateways: 2,
  deliveries: 2,
  env: { delivery: { DELIVERY_MESSAGES_PER_EPOCH: '100' } },
});
const { test } = stack;

type Company = { people: Person[]; clients: ChatClient[]; group: Conversation; history: History };

/** People, one device of each online, on both gateways, in a group that the first has made; further ones are only online. */
async function gather(count: number, members = count, devices = 1): Promise<Company> {
  const history = new History();
  const people: Person[] = [];
  for (let n = 0; n < count; n += 1) people.push(await stack.person('member', { devices }));
  const clients = await Promise.all(
    people.map((person, index) => stack.open(person, { where: index % 2, history })),
  );
  const group = await clients[0]!.groups.createGroup(people.slice(1, members));
  await all(clients.slice(0, members), 'know the group', (client) => client.conversations.has(group.id));
  return { people, clients, group, history };
}

async function all(clients: ChatClient[], what: string, is: (client: ChatClient) => boolean): Promise<void> {
  await until(`all ${what}`, () => clients.every(is), 20_000);
}
/** Everybody has seen the same log to its end. */
async function agree(clients: ChatClient[], group: Conversation): Promise<void> {
  const heads = () => new Set(clients.map((client) => client.log(group).head));
  await until('all have the same log', () => heads().size === 1, 20_000);
  for (const client of clients) expect(client.log(group).breaks).toEqual([]);
}
const got = (client: ChatClient, text: string): boolean =>
  client.received.some(({ payload }) => payload.toString() === text);

async function answer(client: RawClient, type: ChangeName | 'chat' | 'group_create', message: object) {
  client.send(type, message as never);
  const said = await client.nextOf(['ack', 'error']);
  return said.type === 'ack' ? 'ack' : said.error_code;
}

test('a group is made, grows, changes roles and name, shrinks and is left; everybody agrees on its log, and on every message', async () => {
  const { people, clients, group, history } = await gather(5, 3);
  const [a, b, c, d, e] = clients as [ChatClient, ChatClient, ChatClient, ChatClient, ChatClient];
  await a.sendChat(group, 'welcome');
  await all([b, c], 'have it', (client) => got(client, 'welcome'));
  await a.groups.setRole(group, people[1]!.id, 'admin');
  await b.groups.addMembers(group, [people[3]!]);
  await all([d], 'know the group', (client) => client.conversations.has(group.id));
  await d.sendChat(group, 'thank you');
  await all([a, b, c], 'have it', (client) => got(client, 'thank you'));
  expect(got(d, 'welcome')).toBe(false);
  await a.groups.addMembers(group, [people[4]!]);
  await a.groups.rename(group, 'ciphertext of a name');
  await b.groups.removeMember(group, people[2]!.id);
  await a.sendChat(group, 'without c');
  await all([b, d, e], 'have it', (client) => got(client, 'without c'));
  // a leaves nothing unowned
  await expect(a.groups.leave(group)).rejects.toMatchObject({ answer: { error_code: 'LAST_OWNER' } });
  await a.groups.setRole(group, people[1]!.id, 'owner');
  await a.groups.leave(group);
  // the next to speak is asked for the commit that ends the keys a has, and goes on by itself
  await d.sendChat(group, 'without a');
  await all([b, e], 'have it', (client) => got(client, 'without a'));
  await agree([b, d, e], group);
  expect(b.log(group).roles).toEqual(
    new Map([
      [people[1]!.id, 'owner'],
      [people[3]!.id, 'member'],
      [people[4]!.id, 'member'],
    ]),
  );
  for (const gone of [a, c]) {
    expect(got(gone, 'without a')).toBe(false);
    await expect(gone.sendChat(group, 'still here')).rejects.toMatchObject({
      answer: { error_code: 'PERMISSION_DENIED' },
    });
  }
  expect(got(c, 'without c')).toBe(false);
  // started over, with everybody who is there
  await b.groups.restart(group, [people[3]!, people[4]!]);
  await e.sendChat(group, 'after the restart');
  await all([b, d], 'have it', (client) => got(client, 'after the restart'));
  expect(d.log(group)).toMatchObject({ generation: 1, epoch: 0 });
  expect(checkHistory(history.events)).toEqual([]);
});

test('admins that change a group at once over two gateways all succeed in the end, one after the other', async () => {
  const { people, clients, group, history } = await gather(14, 4);
  const admins = clients.slice(0, 4);
  for (const { id } of people.slice(1, 4)) await clients[0]!.groups.setRole(group, id, 'admin');
  let isOver = false;
  const talk = (async () => {
    for (let n = 0; !isOver && n < 400; n += 1) await admins[n % 4]!.sendChat(group, `meanwhile ${n}`);
  })();
  // fifty changes: each admin brings three in and takes them out, again and again
  await Promise.all(
    admins.map(async (admin, index) => {
      const own = people.slice(4 + 2 * index, 6 + 2 * index);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const person of own) await admin.groups.addMembers(group, [person]);
        for (const person of own) await admin.groups.removeMember(group, person.id);
      }
    }),
  );
  for (const admin of admins.slice(0, 2)) await admin.groups.commit(group);
  isOver = true;
  await talk;
  await agree(admins, group);
  const log = clients[0]!.log(group);
  expect(log.roles.size).toBe(4);
  const lastOf = (client: ChatClient) => client.received.at(-1)?.convSeq ?? 0;
  await until('all are quiet', async () => {
    const before = clients.map(lastOf);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return clients.every((client, index) => lastOf(client) === before[index] && client.unanswered === 0);
  });
  expect(checkHistory(history.events)).toEqual([]);
}, 60_000);

test('who is no member, no admin, or an admin no more is refused over the wire, without effect', async () => {
  const { people, clients, group } = await gather(4, 3);
  const [owner, admin, plain, stranger] = people as [Person, Person, Person, Person];
  const removed = await stack.person('removed', { devices: 1 });
  await clients[0]!.groups.setRole(group, admin.id, 'admin');
  await clients[0]!.groups.addMembers(group, [removed]);
  await clients[0]!.groups.setRole(group, removed.id, 'admin');
  await clients[0]!.groups.removeMember(group, removed.id);
  await agree(clients.slice(0, 3), group);
  const { standing } = clients[1]!.log(group);
  const before = clients[0]!.log(group).head;
  const device = (person: Person) => person.device(0);
  const adding = (from: Person, target: Person) =>
    makeChange('group_member_add', {
      ...{ from, device: device(from), standing, targets: [target.id], commit: someMaterial() },
      ...{
        added_devices: [device(target).address],
        welcome_to: [device(target).address],
        welcome: someMaterial(),
      },
    });
  const change = <N extends ChangeName>(
    type: N,
    from: Person,
    parts: Omit<ChangeSource<N>, 'from' | 'device' | 'standing'>,
  ) => makeChange(type, { from, device: device(from), standing, ...parts } as ChangeSource<N>);
  for (const [who, type, message] of [
    [plain, 'group_member_add', adding(plain, stranger)],
    [stranger, 'group_member_add', adding(stranger, stranger)],
    [removed, 'group_member_add', adding(removed, removed)],
    [
      admin,
      'group_member_remove',
      change('group_member_remove', admin, {
        targets: [owner.id],
        removed_devices: [device(owner).address],
        commit: someMaterial(),
      }),
    ],
    [plain, 'group_update', change('group_update', plain, { targets: [plain.id], role: 'owner' })],
    [
      stranger,
      'group_leave',
      change('group_leave', stranger, { removed_devices: [device(stranger).address] }),
    ],
    [
      plain,
      'group_create',
      makeGroup({ creator: plain, device: device(plain), others: [owner, admin], replaces: standing }),
    ],
  ] as const) {
    const { client } = await stack.login(who, { where: 1 });
    expect([type, await answer(client, type, message)]).toEqual([type, 'PERMISSION_DENIED']);
  }
  // in another's name, and with a signature that covers something else
  const { client } = await stack.login(stranger);
  expect(await answer(client, 'group_member_add', adding(owner, stranger))).toBe('PERMISSION_DENIED');
  const { client: owners } = await stack.login(owner);
  const forged = { ...adding(owner, stranger), commit: someMaterial() };
  expect(await answer(owners, 'group_member_add', forged)).toBe('INVALID_SIGNATURE');
  owners.send('group_info', { type: 'group_info', id: 'req_1', conversation_id: group.id });
  const info = await owners.next('group_info');
  expect(info).toMatchObject({ kind: 'group', log_head: before, member_count: 3, more: false });
  expect(info.members.map(({ user_id, role }) => `${user_id} ${role}`).toSorted()).toEqual(
    [`${owner.id} owner`, `${admin.id} admin`, `${plain.id} member`].toSorted(),
  );
  client.send('group_info', { type: 'group_info', id: 'req_2', conversation_id: group.id });
  expect((await client.next('error')).error_code).toBe('PERMISSION_DENIED');
});

test('who is banned cannot be added by anybody until an admin lifts it, and every member sees both in the log', async () => {
  const { people, clients, group, history } = await gather(4, 4);
  const [owner, admin, banned, plain] = clients as [ChatClient, ChatClient, ChatClient, ChatClient];
  await owner.groups.setRole(group, people[1]!.id, 'admin');
  await admin.groups.removeMember(group, people[2]!.id, true);
  await owner.sendChat(group, 'without the banned one');
  await all([admin, plain], 'have it', (client) => got(client, 'without the banned one'));
  for (const by of [owner, admin]) {
    await expect(by.groups.addMembers(group, [people[2]!])).rejects.toMatchObject({
      answer: { error_code: 'BANNED' },
    });
  }
  await agree([owner, admin, plain], group);
  expect(plain.log(group).banned).toEqual(new Set([people[2]!.id]));
  await owner.groups.setBan(group, people[2]!.id, false);
  await admin.groups.addMembers(group, [people[2]!]);
  await banned.sendChat(group, 'here again');
  await all([owner, admin, plain], 'have it', (client) => got(client, 'here again'));
  expect(got(banned, 'without the banned one')).toBe(false);
  await agree([owner, admin, plain], group);
  expect(checkHistory(history.events)).toEqual([]);
});

test('a device whose keys a conversation of two outgrew commits by itself, and goes on', async () => {
  const history = new History();
  const [alice, bob] = [
    await stack.person('alice', { devices: 1 }),
    await stack.person('bob', { devices: 1 }),
  ];
  const alices = await stack.open(alice, { where: 0, history });
  const bobs = await stack.open(bob, { where: 1, history });
  const conversation = await alices.groups.createDirect(bob);
  await all([bobs], 'know it', (client) => client.conversations.has(conversation.id));
  const back = bobs.conversations.get(conversation.id)!;
  await Promise.all(
    Array.from({ length: 120 }, (_, n) => [
      alices.sendChat(conversation, `ping ${n}`),
      bobs.sendChat(back, `pong ${n}`),
    ]).flat(),
  );
  await all([alices, bobs], 'have all', (client) => client.received.length === 120);
  // more than two hundred messages in epochs of a hundred
  expect(alices.log(conversation).epoch).toBeGreaterThanOrEqual(2);
  await agree([alices, bobs], conversation);
  expect(checkHistory(history.events)).toEqual([]);
});

test('receipts of a group tell who has received and read, each member for itself', async () => {
  const { people, clients, group } = await gather(3, 3, 2);
  const [a, b] = clients as [ChatClient, ChatClient];
  const { conv_seq: place } = await a.sendChat(group, 'read me');
  await all(clients.slice(1), 'have it', (client) => got(client, 'read me'));
  b.markRead(group, place);
  const { client } = await stack.login(people[0]!, { where: 1, device: 1 });
  let info: Downstream<'group_info'> | undefined;
  let asked = 0;
  await until('the marks have come', async () => {
    client.send('group_info', { type: 'group_info', id: `req_${++asked}`, conversation_id: group.id });
    info = await client.next('group_info');
    const marks = new Map(info.members.map((member) => [member.user_id, member]));
    return (
      marks.get(people[1]!.id)?.read_through === place &&
      marks.get(people[2]!.id)?.delivered_through === place &&
      marks.get(people[2]!.id)?.read_through === 0
    );
  });
  await until('and are pushed', () => a.watermarkOf(group, people[1]!.id)?.read_through === place);
});
