import { expect } from '@jest/globals';
import { type Client, type Conversation, SecureChat } from '@securechat/client';
import { openMemoryStore } from '@securechat/client/memory';
import { type SearchOptions, searchMessages } from '@securechat/client/search';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);

/** More than are read at once. */
const MESSAGES = 700;

async function found(client: Client, words: string, options?: SearchOptions): Promise<string[]> {
  const messages = [];
  for await (const message of searchMessages(client, words, options)) messages.push(message);
  return texts(messages);
}

const peerIn = (client: Client, { id }: Conversation): Conversation => client.conversation(id)!;

test('finds words in every conversation of this device and its threads, the newest first', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.direct(bob.client.me.userId);
  const group = await alice.client.createGroup({ name: 'pies', members: [bob.client.me.userId] });
  const first = await chat.send('a pie with key limes');
  await group.send('who has the limes?');
  await chat.send('and lemons');
  await chat.send('limes are cheaper', { threadId: first.id });
  await group.send('Limes again');
  expect(await found(alice.client, 'lime')).toEqual([
    ...['Limes again', 'limes are cheaper', 'who has the limes?', 'a pie with key limes'],
  ]);
  expect(await found(alice.client, 'LIME pie')).toEqual(['a pie with key limes']);
  expect(await found(alice.client, 'lime', { conversation: group })).toEqual([
    ...['Limes again', 'who has the limes?'],
  ]);
  expect(await found(alice.client, 'nothing of the kind')).toEqual([]);
  expect(await found(alice.client, ' ')).toEqual([]);
}, 60_000);

test('finds what a message says by now, and nothing that was deleted', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.direct(bob.client.me.userId);
  const [edited, deleted] = [await chat.send('the first words'), await chat.send('secret words')];
  for (const { id } of [edited, deleted])
    await until('it is stored', async () => (await chat.message(id))?.place !== undefined);
  await chat.edit(edited.id, 'the second words');
  await chat.deleteForEveryone(deleted.id);
  await until('both are changed', async () => (await chat.message(deleted.id))?.body.type === 'deleted');
  expect(await found(alice.client, 'words')).toEqual(['the second words']);
  expect(await found(alice.client, 'first')).toEqual([]);
  expect(await found(alice.client, 'secret')).toEqual([]);
}, 60_000);

test('leaves out strangers until they are accepted, and who is blocked', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.direct(bob.client.me.userId);
  await chat.send('limes for sale');
  await until('it is there', () => texts(bob.seen).includes('limes for sale'));
  const theirs = peerIn(bob.client, chat);
  expect(await found(bob.client, 'limes')).toEqual([]);
  expect(await found(bob.client, 'limes', { conversation: theirs })).toEqual(['limes for sale']);
  await theirs.accept();
  expect(await found(bob.client, 'limes')).toEqual(['limes for sale']);
  await theirs.block();
  expect(await found(bob.client, 'limes')).toEqual([]);
}, 60_000);

test('reads on only as far as it is asked to, through more than is read at once, and lets other work have its turn', async () => {
  const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob')];
  const chat = await alice.client.direct(bob.client.me.userId);
  await alice.client.close();
  // offline, so that nothing but reading takes time
  const client = await SecureChat.open({ store: await openMemoryStore(alice.disk) });
  const here = peerIn(client, chat);
  for (let each = 1; each <= MESSAGES; each++) await here.send(`message ${each}`);
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  try {
    expect(await found(client, 'message 1')).toContain('message 1');
    expect(turns).toBeGreaterThan(0);
    for await (const { body } of searchMessages(client, 'message')) {
      expect(body).toMatchObject({ text: `message ${MESSAGES}` });
      break;
    }
  } finally {
    clearInterval(counting);
    await client.close();
  }
}, 60_000);
