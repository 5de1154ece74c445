import { expect } from '@jest/globals';
import {
  makeChat,
  makeGroupCreate,
  newConversationId,
  type Person,
  personNamed,
  type RawClient,
} from '@securechat/testkit';
import { fromTheOtherSide, openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation();
const { test } = stack;

let ids = 0;
const newId = (): string => `req_${++ids}`;

async function ask(client: RawClient, type: 'block' | 'unblock', user: string): Promise<void> {
  const id = newId();
  client.sendAny(type === 'block' ? 0x0307 : 0x0308, { type, id, user_id: user });
  expect(await client.next(type)).toEqual({ type, ref: id, user_id: user });
}

async function list(client: RawClient): Promise<string[]> {
  client.send('block_list', { type: 'block_list', id: newId() });
  const { user_ids, more } = await client.next('block_list');
  expect(more).toBe(false);
  return user_ids;
}

/** What a message or a creation is refused with, without what names it. */
async function refusalOf(client: RawClient, type: 0x0301 | 0x0401, message: { id: string }): Promise<string> {
  client.sendAny(type, message);
  const error = await client.next('error', ({ reference_id }) => reference_id === message.id);
  return JSON.stringify({ ...error, reference_id: '' });
}

/** Alice and Bob with a conversation; both are also there by hand, with their second devices. */
async function aliceAndBob() {
  const pair = await openPair(stack);
  const { client: bobsLaptop } = await stack.login(pair.bob, { where: 0, device: 1 });
  const { client: alicesLaptop } = await stack.login(pair.alice, { where: 0, device: 1 });
  return { ...pair, bobsLaptop, alicesLaptop };
}

const chatOf = (from: Person, to: Person, conversationId: string) =>
  makeChat({ from, device: from.device(1), to: to.id, conversationId, clientSeq: 1, payload: 'hello?' });

test('who is blocked is told what is told of nobody, byte for byte, and nothing of it arrives', async () => {
  const { alice, bob, bobs, conversation, bobsLaptop, alicesLaptop } = await aliceAndBob();
  const nobody = personNamed('nobody_at_all', { devices: 2 });
  const toBob = chatOf(alice, bob, conversation.id);
  const create = (peer: Person) => makeGroupCreate({ creator: alice, device: alice.device(1), peer });
  await ask(bobsLaptop, 'block', alice.id);

  const blocked = await refusalOf(alicesLaptop, 0x0301, toBob);
  expect(blocked).toContain('"error_code":"PERMISSION_DENIED"');
  expect(await refusalOf(alicesLaptop, 0x0301, chatOf(alice, nobody, newConversationId()))).toBe(blocked);
  expect(await refusalOf(alicesLaptop, 0x0401, create(bob))).toBe(blocked);
  expect(await refusalOf(alicesLaptop, 0x0401, create(nobody))).toBe(blocked);
  // nor can Bob write to whom he does not let answer
  expect(await refusalOf(bobsLaptop, 0x0301, chatOf(bob, alice, conversation.id))).toBe(blocked);

  await ask(bobsLaptop, 'unblock', alice.id);
  alicesLaptop.send('chat', toBob);
  await alicesLaptop.next('ack', ({ ref }) => ref === toBob.id);
  await bobs.receive(({ id }) => id === toBob.id);
  expect(bobs.received).toHaveLength(1);
});

test('what was sent before a block arrives, but its being delivered and read is not told until the block ends', async () => {
  const { alice, bob, alices, bobs, conversation, bobsLaptop, alicesLaptop, check } = await aliceAndBob();
  await bobs.goOffline();
  const { ref, conv_seq } = await alices.sendChat(conversation, 'before');
  await ask(bobsLaptop, 'block', alice.id);
  bobs.goOnline();
  await bobs.receive(({ id }) => id === ref);
  bobsLaptop.send('resume', { type: 'resume', cursor: 0, receipts_since_ms: 1 });
  await bobsLaptop.next('sync_page');
  bobs.markRead(fromTheOtherSide(conversation, alice), conv_seq);
  // what others are told leaves together with this
  await bobsLaptop.next('receipt', (mark) => mark.user_id === bob.id && mark.read_through === conv_seq);
  await ask(alicesLaptop, 'block', 'nobody_at_all');
  // that the conversation's beginning was delivered may still be told
  expect(alices.watermarkOf(conversation, bob.id)?.delivered_through ?? 0).toBeLessThan(conv_seq);
  expect(check()).toEqual([]);

  await ask(bobsLaptop, 'unblock', alice.id);
  const { client } = await stack.login(alice, { where: 1, device: 1 });
  client.send('resume', { type: 'resume', cursor: 0, receipts_since_ms: Date.now() - 30_000 });
  expect((await client.next('sync_page')).receipts).toContainEqual(
    expect.objectContaining({ user_id: bob.id, delivered_through: conv_seq, read_through: conv_seq }),
  );
});

test('blocks are known to every device, the same for whoever exists or not, and may be repeated', async () => {
  const { alice, bob, bobsLaptop } = await aliceAndBob();
  const { client: elsewhere } = await stack.login(bob, { where: 1 });
  await ask(bobsLaptop, 'block', alice.id);
  await ask(bobsLaptop, 'block', 'a_name_that_nobody_has');
  await ask(elsewhere, 'block', alice.id);
  expect(await list(elsewhere)).toEqual(['a_name_that_nobody_has', alice.id].toSorted());
  await ask(elsewhere, 'unblock', 'a_name_that_nobody_has');
  await ask(elsewhere, 'unblock', 'a_name_that_nobody_has');
  expect(await list(bobsLaptop)).toEqual([alice.id]);
  bobsLaptop.send('block', { type: 'block', id: 'req_self', user_id: bob.id });
  expect(await bobsLaptop.next('error')).toMatchObject({ code: 1006, reference_id: 'req_self' });
});
