import { expect } from '@jest/globals';
import {
  type GroupCreate,
  makeChat,
  makeGroupCreate,
  newConversationId,
  type Person,
  type RawClient,
  type Tampering,
  until,
} from '@securechat/testkit';
import { openPair, readMailbox } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

async function aliceAndBob() {
  return { alice: await stack.person('alice'), bob: await stack.person('bob') };
}

/** What the server answers to a creation, as `ack` or the error's name. */
async function answerTo(client: RawClient, operation: GroupCreate) {
  client.send('group_create', operation);
  const answer = await client.nextOf(['ack', 'error']);
  return answer.type === 'ack'
    ? { name: 'ack', ref: answer.ref, conv_seq: answer.conv_seq, dup: answer.dup }
    : { name: answer.error_code, ref: answer.reference_id, id: answer.conversation_id, epoch: answer.epoch };
}

test('a creation takes the first place, and reaches every added device but the creating one', async () => {
  const { alice, bob } = await aliceAndBob();
  const others = [
    await stack.open(alice, { where: 1, device: 1 }),
    await stack.open(bob, { where: 1 }),
    await stack.open(bob, { where: 0, device: 1 }),
  ];
  const { client } = await stack.login(alice, { where: 0 });
  client.send('resume', { type: 'resume', cursor: 0 });
  await client.next('sync_page');
  const operation = makeGroupCreate({
    creator: alice,
    device: alice.device(0),
    peer: bob,
    welcome: 'key material',
  });
  expect(await answerTo(client, operation)).toMatchObject({ name: 'ack', ref: operation.id, conv_seq: 1 });
  await until('the others know', () =>
    others.every(({ conversations }) => conversations.has(operation.conversation_id)),
  );
  for (const other of others) expect(other.mailbox.cursor).toBe(1);
  client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await client.next('pong');
  // the login's word about key packages, and nothing of the creation
  expect(client.queue.map(({ name }) => name)).toEqual(['key_count']);
});

test('the welcome arrives as it was sent, also for whoever was away', async () => {
  const { alice, bob } = await aliceAndBob();
  const { client } = await stack.login(alice);
  const source = { creator: alice, device: alice.device(0), peer: bob };
  const operation = makeGroupCreate({ ...source, welcome: Buffer.alloc(100_000, 7) });
  expect((await answerTo(client, operation)).name).toBe('ack');
  const { client: bobs } = await stack.login(bob, { where: 1 });
  const { items } = await readMailbox(bobs);
  const [{ delivery, ...received }] = items as [(typeof items)[number]];
  expect(received).toEqual(operation);
  expect(delivery).toMatchObject({ seq: 1, conv_seq: 1 });
});

test('the same creation again is answered with the same place', async () => {
  const { alice, bob } = await aliceAndBob();
  const { client } = await stack.login(alice);
  const operation = makeGroupCreate({ creator: alice, device: alice.device(0), peer: bob });
  await answerTo(client, operation);
  expect(await answerTo(client, operation)).toMatchObject({ name: 'ack', conv_seq: 1, dup: true });
});

test('two people have one conversation, whoever tries to begin another', async () => {
  const { alice, bob, conversation } = await openPair(stack);
  for (const [creator, peer] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const { client } = await stack.login(creator, { device: 1 });
    const operation = makeGroupCreate({ creator, device: creator.device(1), peer });
    expect(await answerTo(client, operation)).toEqual({
      name: 'CONVERSATION_EXISTS',
      ref: operation.id,
      id: conversation.id,
      epoch: 0,
    });
  }
});

test('of two who begin at the same moment one wins, and the other is told which conversation holds', async () => {
  for (let round = 0; round < 10; round++) {
    const { alice, bob } = await aliceAndBob();
    const { client: atOne } = await stack.login(alice, { where: 0 });
    const { client: atTwo } = await stack.login(bob, { where: 1 });
    const byAlice = makeGroupCreate({ creator: alice, device: alice.device(0), peer: bob });
    const byBob = makeGroupCreate({ creator: bob, device: bob.device(0), peer: alice });
    const answers = await Promise.all([answerTo(atOne, byAlice), answerTo(atTwo, byBob)]);
    expect(answers.map(({ name }) => name).toSorted()).toEqual(['CONVERSATION_EXISTS', 'ack']);
    const winner = answers[0].name === 'ack' ? byAlice : byBob;
    const loser = answers.find(({ name }) => name !== 'ack');
    expect(loser).toMatchObject({ id: winner.conversation_id, epoch: 0 });
  }
}, 60_000);

test('the loser of a race gets the welcome of the winner, and both then talk', async () => {
  const { alice, bob } = await aliceAndBob();
  const [alices, bobs] = [await stack.open(alice, { where: 0 }), await stack.open(bob, { where: 1 })];
  const [one, two] = await Promise.all([alices.groups.createDirect(bob), bobs.groups.createDirect(alice)]);
  expect(one.id).toBe(two.id);
  const { ref } = await alices.sendChat(one, 'hello');
  await bobs.receive(({ id }) => id === ref);
  const back = await bobs.sendChat(two, 'hello');
  await alices.receive(({ id }) => id === back.ref);
});

test('who does not belong to a conversation is told the same as of one that does not exist', async () => {
  const { bob, bobs, conversation } = await openPair(stack);
  const eve = await stack.person('eve');
  const { client } = await stack.login(eve);
  const answers = [];
  for (const conversationId of [conversation.id, newConversationId()]) {
    const source = { from: eve, device: eve.device(0), to: bob.id, conversationId, clientSeq: 1 };
    client.send('chat', makeChat({ ...source, payload: 'let me in' }));
    const { reference_id: _, ...answer } = await client.next('error');
    answers.push(answer);
  }
  expect(answers[0]).toMatchObject({ code: 1006, error_code: 'PERMISSION_DENIED' });
  expect(answers[1]).toEqual(answers[0]);
  expect(bobs.received).toEqual([]);
});

test('a message that names somebody else as its receiver is refused', async () => {
  const { alice, conversation } = await openPair(stack);
  const charlie = await stack.person('charlie');
  const { client } = await stack.login(alice, { device: 1 });
  for (const to of [charlie.id, alice.id, conversation.id]) {
    const source = {
      from: alice,
      device: alice.device(1),
      to,
      conversationId: conversation.id,
      clientSeq: 1,
    };
    client.send('chat', makeChat({ ...source, payload: 'hello' }));
    expect((await client.next('error')).error_code).toBe('PERMISSION_DENIED');
  }
});

test('a device that was not added gets nothing and may not send', async () => {
  const { alice, bob } = await aliceAndBob();
  const { client } = await stack.login(alice);
  const added = [alice.device(0).address, bob.device(0).address];
  const operation = makeGroupCreate(
    { creator: alice, device: alice.device(0), peer: bob },
    { signed: { added_devices: added, welcome_to: [bob.device(0).address] } },
  );
  expect((await answerTo(client, operation)).name).toBe('ack');
  const { client: laptop } = await stack.login(bob, { where: 1, device: 1 });
  expect((await readMailbox(laptop)).items).toEqual([]);
  laptop.send(
    'chat',
    makeChat({
      from: bob,
      device: bob.device(1),
      to: alice.id,
      conversationId: operation.conversation_id,
      clientSeq: 1,
      payload: 'hello',
    }),
  );
  expect((await laptop.next('error')).error_code).toBe('PERMISSION_DENIED');
});

test('a creation that is not the creator’s to make is refused, and makes nothing', async () => {
  const { alice, bob } = await aliceAndBob();
  const charlie = await stack.person('charlie');
  const { client } = await stack.login(alice);
  const device = alice.device(0);
  const address = (person: Person, index: number): string => person.device(index).address;
  const attempts: [name: string, error: string, tampering: Tampering<GroupCreate>][] = [
    ['an unknown user', 'PERMISSION_DENIED', { signed: { members: [alice.id, 'nobody'] } }],
    ['two other people', 'PERMISSION_DENIED', { signed: { members: [bob.id, charlie.id] } }],
    ['a device of a third', 'PERMISSION_DENIED', addedDevices(address(charlie, 0))],
    ['an unknown device', 'PERMISSION_DENIED', addedDevices(`${bob.id}:toaster`)],
    ['only oneself', 'INVALID_MESSAGE_FORMAT', { signed: { members: [alice.id, alice.id] } }],
    ['a later epoch', 'INVALID_MESSAGE_FORMAT', { signed: { epoch: 1 } }],
    ['a welcome for nobody', 'INVALID_MESSAGE_FORMAT', { signed: { welcome_to: [] } }],
    ['an unsigned welcome', 'INVALID_SIGNATURE', { unsigned: { welcome: 'AAAA' } }],
    ['another sender', 'PERMISSION_DENIED', { signed: { from: bob.id } }],
  ];
  function addedDevices(further: string): Tampering<GroupCreate> {
    const others = [address(bob, 0), further];
    return { signed: { added_devices: [device.address, ...others], welcome_to: others } };
  }
  const answers = [];
  for (const [name, , tampering] of attempts) {
    const operation = makeGroupCreate({ creator: alice, device, peer: bob }, tampering);
    answers.push([name, (await answerTo(client, operation)).name]);
  }
  expect(answers).toEqual(attempts.map(([name, error]) => [name, error]));

  const { client: bobs } = await stack.login(bob, { where: 1 });
  expect((await readMailbox(bobs)).items).toEqual([]);
  const honest = makeGroupCreate({ creator: alice, device, peer: bob });
  expect((await answerTo(client, honest)).name).toBe('ack');
});

test('an id that is another conversation’s is refused, and that conversation does not change', async () => {
  const { alices, bobs, conversation } = await openPair(stack);
  const [eve, mallory] = [await stack.person('eve'), await stack.person('mallory')];
  const { client } = await stack.login(eve);
  const operation = makeGroupCreate({
    creator: eve,
    device: eve.device(0),
    peer: mallory,
    conversationId: conversation.id,
  });
  expect((await answerTo(client, operation)).name).toBe('PERMISSION_DENIED');
  const { ref, conv_seq } = await alices.sendChat(conversation, 'still here');
  expect(conv_seq).toBe(2);
  await bobs.receive(({ id }) => id === ref);
});
