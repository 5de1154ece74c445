import { describe, expect } from '@jest/globals';
import { BadContent, type MessageStatus, type Thread } from '@securechat/client';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const viewOf = ({ client }: TestDevice, id: string) => client.conversation(id)!;

async function has(device: TestDevice, text: string): Promise<string> {
  const found = await until(`${idOf(device)} has "${text}"`, () =>
    device.seen.find(({ body }) => body.type === 'text' && body.text === text),
  );
  return found.id;
}

async function comesTo(device: TestDevice, id: string, messageId: string, status: MessageStatus) {
  await until(
    `it is ${status}`,
    async () => (await viewOf(device, id).message(messageId))?.status === status,
  );
}

async function two() {
  const alice = await devices.signUp('alice');
  const bob = await devices.signUp('bob');
  const chat = await alice.client.direct(idOf(bob));
  await chat.send('hello');
  await has(bob, 'hello');
  return { alice, bob, chat, theirs: viewOf(bob, chat.id) };
}

describe('receipts', () => {
  test('tell of each member what it has and has read, and the status is that of the slowest', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob');
    const carol = await devices.signUp('carol');
    const group = await alice.client.createGroup({ name: 'us', members: [idOf(bob), idOf(carol)] });
    for (const each of [bob, carol]) {
      await until('it is in', () => each.client.conversation(group.id));
      await viewOf(each, group.id).accept();
    }
    await carol.client.close();
    const { id, status } = await group.send('hello');
    expect(status).toBe('queued');
    const messageId = await has(bob, 'hello');
    await viewOf(bob, group.id).markRead(messageId);
    const member = (who: TestDevice) => group.members().find(({ userId }) => userId === idOf(who))!;
    const place = await until('it has a place', async () => (await group.message(id))?.place);
    await until('Bob has read it', () => member(bob).readThrough >= place);
    expect(member(bob).deliveredThrough).toBeGreaterThanOrEqual(place);
    expect(member(carol).deliveredThrough).toBeLessThan(place);
    await comesTo(alice, group.id, id, 'stored');
    const back = await devices.restart(carol);
    await comesTo(alice, group.id, id, 'delivered');
    expect(viewOf(back, group.id).unread).toBe(1);
    await viewOf(back, group.id).markRead(id);
    expect(viewOf(back, group.id).unread).toBe(0);
    await comesTo(alice, group.id, id, 'read');
  }, 60_000);

  test('are not sent while the conversation is a request, and are when it was accepted', async () => {
    const { bob, alice, chat, theirs } = await two();
    const [message] = await chat.messages({ limit: 1 });
    expect(theirs.isRequest).toBe(true);
    await theirs.markRead(message!.id);
    expect(theirs.unread).toBe(0);
    await chat.send('are you there?');
    const second = await has(bob, 'are you there?');
    await comesTo(alice, chat.id, second, 'delivered');
    expect(await chat.message(message!.id)).toMatchObject({ status: 'delivered' });
    await theirs.accept();
    expect(theirs.isRequest).toBe(false);
    await comesTo(alice, chat.id, message!.id, 'read');
    expect(await chat.message(second)).toMatchObject({ status: 'delivered' });
  }, 60_000);

  test('say nothing of reading where a person does not want it', async () => {
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { readReceipts: false });
    const chat = await bob.client.direct(idOf(alice));
    await until('Alice is in', () => alice.client.conversation(chat.id));
    const theirs = viewOf(alice, chat.id);
    const { id } = await theirs.send('hello');
    await chat.markRead(await has(bob, 'hello'));
    const later = await theirs.send('and now?');
    await comesTo(alice, chat.id, later.id, 'delivered');
    expect(await theirs.message(id)).toMatchObject({ status: 'delivered' });
  }, 60_000);
});

test('own devices tell each other what was read and accepted, and a choice of one about receipts holds for all', async () => {
  const alice = await devices.signUp('alice');
  const first = await devices.signUp('bob');
  const tablet = await devices.link(first);
  const phone = await devices.restart(first, { readReceipts: false });
  await until('the server knows', () => phone.client.sharesReading === false);
  const chat = await alice.client.direct(idOf(phone));
  const root = await chat.send('hello');
  await chat.send('in the thread', { threadId: root.id });
  const copy = await until('the tablet is in', () => tablet.client.conversation(chat.id), 30_000);
  await until('the tablet has all', async () => (await copy.threads()).length === 1);
  await has(phone, 'in the thread');
  const view = viewOf(phone, chat.id);
  const [answer] = await view.messages({ threadId: root.id });
  expect([copy.isRequest, copy.unread, (await copy.threads())[0]?.unread]).toEqual([true, 1, 1]);
  await view.accept();
  await view.markRead(root.id);
  await view.markRead(answer!.id, { threadId: root.id });
  await until('the tablet has heard it', () => !copy.isRequest && copy.unread === 0, 20_000);
  await until('of the thread too', async () => (await copy.threads())[0]?.unread === 0, 20_000);
  // the tablet was not asked, and what it reads is not told any more, either
  await chat.send('and you?');
  await copy.markRead(await has(tablet, 'and you?'));
  await copy.send('I have read it');
  await has(alice, 'I have read it');
  expect(chat.members().find(({ userId }) => userId === idOf(phone))?.readThrough).toBe(0);
  expect([...phone.alarms, ...tablet.alarms]).toEqual([]);
}, 120_000);

test('what says nothing and what is no emoji is refused, and nothing is shown or sent of it', async () => {
  const { alice, bob, chat, theirs } = await two();
  const id = (await chat.messages()).find(({ body }) => body.type === 'text')?.id ?? '';
  for (const nothing of ['', ' \n\t ', '\u00a0']) {
    await expect(chat.send(nothing)).rejects.toThrow(BadContent);
    await expect(chat.send({ text: nothing, format: 'markdown' })).rejects.toThrow(BadContent);
    await expect(chat.edit(id, nothing)).rejects.toThrow(BadContent);
  }
  for (const text of ['', 'ok', '👍👍']) await expect(chat.react(id, text)).rejects.toThrow(BadContent);
  expect(alice.client.waiting).toBe(0);
  await chat.react(id, '👍🏽');
  await until('Bob sees it', async () => (await theirs.message(id))?.reactions['👍🏽']?.length === 1);
  expect(texts(await chat.messages())).toEqual(['hello']);
  expect(texts(bob.seen)).toEqual(['hello']);
}, 60_000);

test('a stranger is announced once, when they have said something', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const asked: (string | undefined)[] = [];
  bob.client.on('request', ({ peer }) => asked.push(peer));
  const chat = await alice.client.direct(idOf(bob));
  await until('it is there', () => bob.client.conversation(chat.id)?.isRequest);
  expect([asked, viewOf(bob, chat.id).isListed, chat.isListed]).toEqual([[], false, true]);
  await chat.send('hello');
  await has(bob, 'hello');
  expect(viewOf(bob, chat.id).isListed).toBe(true);
  await viewOf(bob, chat.id).markRead((await viewOf(bob, chat.id).messages()).at(-1)!.id);
  await chat.send('are you there?');
  await has(bob, 'are you there?');
  expect(asked).toEqual([idOf(alice)]);
}, 60_000);

test('who is blocked can say nothing, and after it was lifted can say it again', async () => {
  const { alice, bob, chat, theirs } = await two();
  const shown: boolean[] = [];
  bob.client.on('conversation', ({ id, isBlocked }) => id === theirs.id && shown.push(isBlocked));
  await theirs.block();
  expect(theirs.isBlocked).toBe(true);
  await until('an app that shows it is told', () => shown.at(-1) === true);
  const refused = await chat.send('unheard');
  await comesTo(alice, chat.id, refused.id, 'failed');
  expect(await chat.message(refused.id)).toMatchObject({ failure: 'PERMISSION_DENIED' });
  await theirs.unblock();
  expect(theirs.isBlocked).toBe(false);
  await until('an app that shows it is told', () => shown.at(-1) === false);
  const again = await chat.retry(refused.id);
  await has(bob, 'unheard');
  await comesTo(alice, chat.id, again.id, 'delivered');
  expect(texts(await chat.messages())).toEqual(['hello', 'unheard']);
  expect(texts(await theirs.messages())).toEqual(['hello', 'unheard']);
}, 60_000);

test('who was blocked before they have said anything is told so, too', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.direct(idOf(bob));
  const theirs = await until('it is there', () => bob.client.conversation(chat.id));
  await chat.block();
  const said = await theirs.send('unheard');
  await comesTo(bob, chat.id, said.id, 'failed');
  expect(bob.client.waiting).toBe(0);
}, 90_000);

test('whom one device has blocked or let in again, the others know once they come back', async () => {
  const alice = await devices.signUp('alice');
  const phone = await devices.signUp('bob');
  const tablet = await devices.link(phone);
  const chat = await alice.client.direct(idOf(phone));
  await chat.send('hello');
  await has(phone, 'hello');
  await until('the tablet is in', () => tablet.client.conversation(chat.id), 30_000);
  await viewOf(phone, chat.id).block();
  const back = await devices.restart(tablet);
  await until('the tablet knows', () => viewOf(back, chat.id).isBlocked);
  await viewOf(back, chat.id).unblock();
  const phoneAgain = await devices.restart(phone);
  await until('the phone knows', () => !viewOf(phoneAgain, chat.id).isBlocked);
  await chat.send('can you hear me?');
  await has(phoneAgain, 'can you hear me?');
}, 60_000);

test('whom one device blocks or lets in again, the others that are connected know at once', async () => {
  const alice = await devices.signUp('alice');
  const phone = await devices.signUp('bob');
  const tablet = await devices.link(phone);
  const chat = await alice.client.direct(idOf(phone));
  await chat.send('hello');
  await has(phone, 'hello');
  await until('the tablet is in', () => tablet.client.conversation(chat.id), 30_000);
  const shown: boolean[] = [];
  tablet.client.on('conversation', ({ id, isBlocked }) => id === chat.id && shown.push(isBlocked));
  await viewOf(phone, chat.id).block();
  await until('the tablet knows', () => viewOf(tablet, chat.id).isBlocked, 20_000);
  await until('an app that shows it is told', () => shown.at(-1) === true);
  await viewOf(tablet, chat.id).unblock();
  await until('the phone knows', () => !viewOf(phone, chat.id).isBlocked, 20_000);
  expect([tablet.client.state, phone.client.state]).toEqual(['connected', 'connected']);
  expect([...phone.alarms, ...tablet.alarms]).toEqual([]);
}, 60_000);

test('a thread stands apart, with a read mark of its own', async () => {
  const { alice, bob, chat, theirs } = await two();
  const [root] = await theirs.messages({ limit: 1 });
  await theirs.send('in the thread', { threadId: root!.id, replyTo: root!.id });
  await theirs.send('outside');
  await has(alice, 'outside');
  expect(texts(await chat.messages())).toEqual(['hello', 'outside']);
  const [answer] = await chat.messages({ threadId: root!.id });
  expect(answer).toMatchObject({ replyTo: root!.id, threadId: root!.id, body: { text: 'in the thread' } });
  const thread = { threadId: root!.id, count: 1 };
  expect([chat.unread, await chat.threads()]).toEqual([1, [{ ...thread, unread: 1 }]]);
  const told: Thread[] = [];
  alice.client.on('thread', (event) => told.push(event.thread));
  await chat.markRead(answer!.id, { threadId: root!.id });
  expect([chat.unread, await chat.threads()]).toEqual([1, [{ ...thread, unread: 0 }]]);
  await until('the thread was told', () => told.length > 0);
  expect(told).toEqual([{ ...thread, unread: 0 }]);
  await chat.markRead(await has(alice, 'outside'));
  expect(chat.unread).toBe(0);
  const again = await devices.restart(alice);
  expect(await viewOf(again, chat.id).threads()).toEqual([{ ...thread, unread: 0 }]);
  expect(bob.alarms).toEqual([]);
}, 60_000);

test('what expires vanishes on both sides, from the store and from the export', async () => {
  const { alice, bob, chat, theirs } = await two();
  const vanished: string[] = [];
  for (const { client } of [alice, bob])
    client.on('vanished', ({ messageId }) => void vanished.push(messageId));
  const { id } = await chat.send('for a moment', { expiresInMs: 4_000 });
  await has(bob, 'for a moment');
  expect((await theirs.message(id))?.expiresAtMs).toBeGreaterThan(Date.now());
  await until('it has vanished twice', () => vanished.length === 2, 20_000);
  expect(vanished).toEqual([id, id]);
  for (const view of [chat, theirs]) {
    expect(texts(await view.messages())).toEqual(['hello']);
    expect(view.last).toMatchObject({ body: { text: 'hello' } });
  }
  const keep = new TextDecoder();
  for (const { disk } of [alice, bob]) {
    const values = disk.keys('', '~').map((key) => keep.decode(disk.get(key)));
    expect(values.filter((value) => value.includes('for a moment'))).toEqual([]);
  }
}, 60_000);
