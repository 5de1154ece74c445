import { describe, expect } from '@jest/globals';
import { nowSeconds, type RawClient, until } from '@securechat/testkit';
import { allHave, fromTheOtherSide, openPair, type Pair, readMailbox } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n}`);

/** Bob's laptop, whose mailbox holds the conversation and `count` messages that it has never seen. */
async function laptopWithMail(count: number) {
  const pair = await openPair(stack);
  await Promise.all(numbered(count).map((text) => pair.alices.sendChat(pair.conversation, text)));
  const connect = async (where = 1): Promise<RawClient> =>
    (await stack.login(pair.bob, { where, device: 1 })).client;
  return { ...pair, connect, head: count + 1 };
}

const seqsOf = (items: readonly { delivery: { seq: number } }[]): number[] =>
  items.map(({ delivery }) => delivery.seq);
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Everything that was sent before has come when the answer to this comes: one connection keeps its order. */
async function settle(client: RawClient, sequence = 1): Promise<void> {
  client.send('ping', { type: 'ping', timestamp: nowSeconds(), sequence });
  await client.next('pong', (pong) => pong.sequence === sequence);
}

describe('what a device has stored', () => {
  test('is not sent again, on whichever gateway it comes back', async () => {
    const { connect, head } = await laptopWithMail(9);
    const first = await connect(0);
    await readMailbox(first);
    first.destroy();
    const second = await connect(1);
    expect(seqsOf((await readMailbox(second, { cursor: 4 })).items)).toEqual(from(5, head));
  });

  test('is forgotten by the server once the cursor has said so', async () => {
    const { connect, head } = await laptopWithMail(9);
    const first = await connect(0);
    await readMailbox(first, { cursor: 4 });
    first.destroy();
    await until('only what lies behind the cursor is left', async () => {
      const { items } = await readMailbox(await connect(1), { cursor: 0 });
      expect(seqsOf(items)).toEqual(from(5, head));
      return true;
    });
  });

  test('is sent again until it is acknowledged', async () => {
    const { connect, head } = await laptopWithMail(9);
    for (const where of [0, 1, 0]) {
      const client = await connect(where);
      expect(seqsOf((await readMailbox(client)).items)).toEqual(from(1, head));
      client.destroy();
    }
  });

  test('an acknowledgement of what was never sent is cut to what was', async () => {
    const { alices, conversation, connect, head } = await laptopWithMail(3);
    const client = await connect();
    await readMailbox(client);
    client.send('ack', { type: 'ack', through: 1_000_000 });
    await settle(client);
    client.destroy();
    const { ref } = await alices.sendChat(conversation, 'later');
    const { items, through } = await readMailbox(await connect());
    expect(items.map(({ id }) => id)).toContain(ref);
    expect(through).toBe(head + 1);
  });
});

describe('a cursor', () => {
  test('of another epoch of the mailbox is not taken as an acknowledgement', async () => {
    const { connect, head } = await laptopWithMail(5);
    const first = await connect();
    const { pages } = await readMailbox(first);
    first.destroy();
    const second = await connect();
    const mailbox_epoch = (pages[0]?.mailbox_epoch ?? 0) + 1;
    second.send('resume', { type: 'resume', cursor: head, mailbox_epoch });
    await second.next('sync_page');
    second.destroy();
    expect(seqsOf((await readMailbox(await connect())).items)).toEqual(from(1, head));
  });

  test('beyond the end of the mailbox loses nothing that comes later', async () => {
    const { alices, conversation, connect, head } = await laptopWithMail(3);
    const client = await connect();
    client.send('resume', { type: 'resume', cursor: 1_000_000 });
    const page = await client.next('sync_page');
    expect(page).toMatchObject({ through: head, more: false });
    const { ref } = await alices.sendChat(conversation, 'later');
    const pushed = await client.next('chat');
    expect([pushed.id, pushed.delivery.seq]).toEqual([ref, head + 1]);
  });
});

describe('on a connection', () => {
  test('nothing is delivered before the device says where it is', async () => {
    const { alices, conversation, connect } = await laptopWithMail(2);
    const client = await connect();
    await alices.sendChat(conversation, 'one more');
    await settle(client);
    expect(client.queue.filter(({ name }) => name === 'chat' || name === 'sync_page')).toEqual([]);
    expect((await readMailbox(client)).items).toHaveLength(4);
  });

  test('the first page comes even when there is nothing new', async () => {
    const { connect, head } = await laptopWithMail(2);
    const client = await connect();
    client.send('resume', { type: 'resume', cursor: head });
    expect(await client.next('sync_page')).toMatchObject({ items: [], through: head, more: false });
  });

  test('a hole is filled on request, and pushes go on behind it', async () => {
    const { alices, conversation, connect, head } = await laptopWithMail(6);
    const client = await connect();
    await readMailbox(client);
    client.send('sync', { type: 'sync', from: 3 });
    const page = await client.next('sync_page');
    expect(seqsOf(page.items)).toEqual(from(4, head));
    const { ref } = await alices.sendChat(conversation, 'later');
    const pushed = await client.next('chat');
    expect([pushed.id, pushed.delivery.seq]).toEqual([ref, head + 1]);
  });

  test('the watermarks that changed meanwhile come with the page', async () => {
    const pair = await openPair(stack);
    const { alices, alice, bob, bobs, conversation } = pair;
    const { conv_seq } = await alices.sendChat(conversation, 'hello');
    await bobs.receive(({ convSeq }) => convSeq === conv_seq);
    bobs.markRead(conversation, conv_seq);
    await until(
      'Alice hears that it was read',
      () => alices.watermarkOf(conversation, bob.id)?.read_through === conv_seq,
    );
    const { client } = await stack.login(alice, { device: 1 });
    client.send('resume', { type: 'resume', cursor: 0, receipts_since_ms: Date.now() - 600_000 });
    const { receipts = [] } = await client.next('sync_page');
    expect(receipts).toContainEqual({
      conversation_id: conversation.id,
      user_id: bob.id,
      delivered_through: conv_seq,
      read_through: conv_seq,
    });
  });
});

describe('a gateway that goes away', () => {
  test('in order sends its clients to the other one, and nothing is lost or doubled', async () => {
    const pair = await openPair(stack);
    const talk = talkFor(pair, 150);
    const [leaving] = stack.constellation.gateways;
    await until('the talk has begun', () => pair.bobs.received.length > 20);
    await leaving!.stop();
    await talk;
    await leaving!.restart();
    await allHave([pair.alices, pair.bobs], 150);
    expect(pair.check()).toEqual([]);
    expect(pair.alices.endedBy).toBeUndefined();
  }, 60_000);

  test('without a word is replaced by the other one, and nothing is lost or doubled', async () => {
    const pair = await openPair(stack);
    const talk = talkFor(pair, 150);
    const [dying] = stack.constellation.gateways;
    await until('the talk has begun', () => pair.bobs.received.length > 20);
    await dying!.kill('SIGKILL');
    await talk;
    await dying!.restart();
    await allHave([pair.alices, pair.bobs], 150);
    expect(pair.check()).toEqual([]);
  }, 60_000);
});

/** Both say `count` things, a few at a time; settles when all of it is stored. */
async function talkFor({ alice, alices, bobs, conversation }: Pair, count: number): Promise<void> {
  const say = async (client: typeof alices, to: typeof conversation): Promise<void> => {
    for (let said = 0; said < count; said += 5) {
      await Promise.all(numbered(5).map((text) => client.sendChat(to, text)));
    }
  };
  await Promise.all([say(alices, conversation), say(bobs, fromTheOtherSide(conversation, alice))]);
}

test('a gateway that has just started counts at once: its clients are not forgotten', async () => {
  const [old, fresh] = stack.constellation.gateways;
  const bob = await stack.person('bob');
  const bobs = await stack.open(bob, { where: old!.target() });
  for (let round = 0; round < 3; round++) {
    const alice = await stack.person('alice');
    await fresh!.restart();
    const phone = await stack.open(alice, { where: fresh!.target() });
    await stack.open(alice, { where: old!.target(), device: 1 });
    const conversation = await bobs.groups.createDirect(alice);
    const { ref } = await bobs.sendChat(conversation, 'hello');
    await phone.receive(({ id }) => id === ref);
  }
}, 60_000);
