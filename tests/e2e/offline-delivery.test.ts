import { expect } from '@jest/globals';
import { MAX_SYNC_PAGE_BYTES, SYNC_PAGE_ITEMS, UNACKED_WINDOW } from '@securechat/protocol';
import { makeChat, nowSeconds, until } from '@securechat/testkit';
import { allHave, fromTheOtherSide, openPair, readMailbox } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n}`);
const texts = (chats: readonly { payload: Buffer }[]): string[] =>
  chats.map(({ payload }) => payload.toString());

test('300 messages wait for whoever is away, and come in order and once through the other gateway', async () => {
  const { alices, bob, bobs, conversation, history, check } = await openPair(stack, { bob: 1 });
  await bobs.goOffline();
  const sent = numbered(300);
  await Promise.all(sent.map((text) => alices.sendChat(conversation, text)));

  // Bob's client goes on to the next gateway in its list
  bobs.goOnline();
  await bobs.live();
  expect(texts(bobs.received)).toEqual(sent);
  expect(new Set(bobs.received.map(({ convSeq }) => convSeq)).size).toBe(300);

  // a device that has never been online gets them as well
  const laptop = await stack.open(bob, { where: 1, device: 1, history });
  expect(texts(laptop.received)).toEqual(sent);
  expect(check()).toEqual([]);
});

test('messages that are sent while somebody comes back take their place behind those that waited', async () => {
  const { alices, bobs, conversation, check } = await openPair(stack);
  await bobs.goOffline();
  const waiting = numbered(250);
  await Promise.all(waiting.map((text) => alices.sendChat(conversation, text)));
  const late = Array.from({ length: 100 }, (_, n) => `late ${n}`);
  bobs.goOnline();
  await Promise.all(late.map((text) => alices.sendChat(conversation, text)));
  await allHave([bobs], 350);
  expect(texts(bobs.received)).toEqual([...waiting, ...late]);
  expect(check()).toEqual([]);
});

test('both may be away in turn', async () => {
  const { alice, alices, bobs, conversation, check } = await openPair(stack);
  for (let round = 0; round < 3; round++) {
    await bobs.goOffline();
    await Promise.all(numbered(20).map((text) => alices.sendChat(conversation, text)));
    await alices.goOffline();
    bobs.goOnline();
    await bobs.live();
    const back = fromTheOtherSide(conversation, alice);
    await Promise.all(numbered(20).map((text) => bobs.sendChat(back, text)));
    alices.goOnline();
    await alices.live();
  }
  await allHave([alices, bobs], 60);
  expect(check()).toEqual([]);
});

test('a mailbox comes in pages, and no further than the window of what is not acknowledged', async () => {
  const { alices, bob, conversation } = await openPair(stack);
  await Promise.all(numbered(300).map((text) => alices.sendChat(conversation, text)));

  const { client } = await stack.login(bob, { where: 1, device: 1 });
  client.send('resume', { type: 'resume', cursor: 0 });
  let through = 0;
  const sizes: number[] = [];
  while (through < UNACKED_WINDOW) {
    const page = await client.next('sync_page');
    expect(page.more).toBe(true);
    expect(page.items.map(({ delivery }) => delivery.seq)).toEqual(
      Array.from({ length: page.items.length }, (_, n) => through + n + 1),
    );
    sizes.push(page.items.length);
    through = page.through;
  }
  expect(through).toBe(UNACKED_WINDOW);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(SYNC_PAGE_ITEMS);

  // the answer to a ping comes behind whatever the server had still to send
  client.send('ping', { type: 'ping', timestamp: nowSeconds(), sequence: 1 });
  await client.next('pong');
  expect(client.queue.map(({ name }) => name)).not.toContainEqual(expect.stringMatching(/sync_page|chat/));

  client.send('ack', { type: 'ack', through });
  const last = await client.next('sync_page');
  expect([last.more, last.through]).toEqual([false, 301]);
});

test('pages of large messages stay within the size of a page', async () => {
  const { alices, bob, conversation } = await openPair(stack);
  const large = Buffer.alloc(32 * 1024, 'x');
  await Promise.all(Array.from({ length: 30 }, () => alices.sendChat(conversation, large)));
  const { client } = await stack.login(bob, { where: 1, device: 1 });
  const { pages, items } = await readMailbox(client, { ack: true });
  expect(items).toHaveLength(31);
  expect(pages.length).toBeGreaterThan(2);
  for (const page of pages) {
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(MAX_SYNC_PAGE_BYTES);
  }
});

test('what has expired meanwhile is passed over, and the cursor with it', async () => {
  const { alice, bob, bobs, conversation } = await openPair(stack);
  await bobs.goOffline();
  const { client } = await stack.login(alice, { where: 0, device: 1 });
  const source = { from: alice, device: alice.device(1), to: bob.id, conversationId: conversation.id };
  const expiresAt = nowSeconds() + 2;
  const fleeting = makeChat(
    { ...source, clientSeq: 1, payload: 'fleeting' },
    { signed: { metadata: { expires_at: expiresAt } } },
  );
  const lasting = makeChat({ ...source, clientSeq: 2, payload: 'lasting' });
  for (const message of [fleeting, lasting]) {
    client.send('chat', message);
    await client.next('ack', ({ ref }) => ref === message.id);
  }
  await until('the message has expired', () => nowSeconds() > expiresAt);

  bobs.goOnline();
  await bobs.live();
  expect(texts(bobs.received)).toEqual(['lasting']);
  expect(bobs.mailbox.cursor).toBe(3);

  const again = makeChat(
    { ...source, clientSeq: 3, payload: 'too late' },
    { signed: { metadata: { expires_at: expiresAt } } },
  );
  client.send('chat', again);
  expect((await client.next('error')).error_code).toBe('EXPIRED');
});
