import { expect } from '@jest/globals';
import { encodeUpstream } from '@securechat/protocol';
import { type Chat, makeChat, type Tampering } from '@securechat/testkit';
import { openPair, readMailbox } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2 });
const { test } = stack;

/** Alice's laptop as a raw client, beside the honest pair; `write` makes its next message. */
async function rawAlice() {
  const pair = await openPair(stack);
  const { alice, bob, conversation } = pair;
  const { client } = await stack.login(alice, { where: 0, device: 1 });
  const write = (clientSeq: number, payload: string, tampering: Tampering<Chat> = {}): Chat =>
    makeChat(
      {
        from: alice,
        device: alice.device(1),
        to: bob.id,
        conversationId: conversation.id,
        clientSeq,
        payload,
      },
      tampering,
    );
  return { ...pair, client, write };
}

test('the same bytes again are answered with the same place, and take effect once', async () => {
  const { client, bobs, write } = await rawAlice();
  const message = write(1, 'once');
  client.send('chat', message);
  const first = await client.next('ack');
  expect(first.dup).toBeUndefined();
  client.send('chat', message);
  const second = await client.next('ack');
  expect(second).toEqual({ ...first, dup: true });

  client.send('chat', write(2, 'after'));
  await bobs.receive(({ payload }) => payload.toString() === 'after');
  expect(bobs.received.map(({ payload }) => payload.toString())).toEqual(['once', 'after']);
});

test('a retry through another gateway, on another connection, is answered alike', async () => {
  const { alice, client, write } = await rawAlice();
  const message = write(1, 'once');
  client.send('chat', message);
  const first = await client.next('ack');
  client.destroy();
  const { client: other } = await stack.login(alice, { where: 1, device: 1 });
  other.send('chat', message);
  expect(await other.next('ack')).toEqual({ ...first, dup: true });
});

test('twenty copies in one write are stored once', async () => {
  const { client, bob, write } = await rawAlice();
  const frame = encodeUpstream('chat', write(1, 'once'));
  client.sendFrame(Buffer.concat(Array.from({ length: 20 }, () => frame)));
  const acks = [];
  while (acks.length < 20) acks.push(await client.next('ack'));
  expect(acks.filter(({ dup }) => dup === undefined)).toHaveLength(1);
  expect(new Set(acks.map(({ conv_seq }) => conv_seq)).size).toBe(1);
  const { client: bobs } = await stack.login(bob, { where: 1, device: 1 });
  const { items } = await readMailbox(bobs);
  expect(items.filter(({ type }) => type === 'chat')).toHaveLength(1);
});

test('an id that was used for other content is refused, and the first content stays', async () => {
  const { client, bobs, write } = await rawAlice();
  const first = write(1, 'first');
  client.send('chat', first);
  const { conv_seq } = await client.next('ack');
  for (const other of [
    write(1, 'other', { signed: { id: first.id } }),
    write(2, 'first', { signed: { id: first.id } }),
  ]) {
    client.send('chat', other);
    expect(await client.next('error')).toMatchObject({
      code: 1000,
      error_code: 'ID_REUSED',
      reference_id: first.id,
    });
  }
  // the refused ones took no number
  client.send('chat', write(2, 'second'));
  expect((await client.next('ack')).conv_seq).toBe(conv_seq + 1);
  await bobs.receive(({ payload }) => payload.toString() === 'second');
  expect(bobs.received.map(({ payload }) => payload.toString())).toEqual(['first', 'second']);
});

test('a hole in client_seq is refused with the number that is expected, which then is accepted', async () => {
  const { client, write } = await rawAlice();
  client.send('chat', write(1, 'one'));
  await client.next('ack');
  const early = write(3, 'three');
  client.send('chat', early);
  expect(await client.next('error')).toMatchObject({
    code: 1000,
    error_code: 'SEQ_GAP',
    reference_id: early.id,
    expected: 2,
  });
  client.send('chat', write(2, 'two'));
  client.send('chat', early);
  const places = [await client.next('ack'), await client.next('ack')].map(({ conv_seq }) => conv_seq);
  expect(places).toEqual([3, 4]);
});

test('a number that was used is refused for another message', async () => {
  const { client, write } = await rawAlice();
  client.send('chat', write(1, 'one'));
  await client.next('ack');
  client.send('chat', write(1, 'another one'));
  expect(await client.next('error')).toMatchObject({ error_code: 'SEQ_GAP', expected: 2 });
});

test('each device counts for itself', async () => {
  const { client, alices, conversation, write } = await rawAlice();
  await alices.sendChat(conversation, 'from the phone');
  client.send('chat', write(1, 'from the laptop'));
  expect((await client.next('ack')).dup).toBeUndefined();
});

test('another epoch is refused with the one that holds, and the same id may then be sealed anew', async () => {
  const { client, write } = await rawAlice();
  const message = write(1, 'sealed too early', { signed: { epoch: 1 } });
  client.send('chat', message);
  expect(await client.next('error')).toMatchObject({
    code: 1003,
    error_code: 'STALE_EPOCH',
    reference_id: message.id,
    epoch: 0,
  });
  client.send('chat', write(1, 'sealed anew', { signed: { id: message.id } }));
  expect(await client.next('ack')).toMatchObject({ ref: message.id, conv_seq: 2 });
});

test('what the signature does not cover is refused and leaves no trace', async () => {
  const { alice, bob, client, write } = await rawAlice();
  const message = write(1, 'signed');
  const other = write(1, 'other');
  const forgeries: Chat[] = [
    { ...message, payload: other.payload },
    { ...message, signature: other.signature },
    { ...message, client_seq: 2 },
    { ...message, nonce: other.nonce },
    { ...message, metadata: { reply_to: 'x' } },
    write(1, 'signed', { signWith: alice.device(0).key }),
  ];
  for (const forgery of forgeries) {
    client.send('chat', forgery);
    expect(await client.next('error')).toMatchObject({ code: 1002, error_code: 'INVALID_SIGNATURE' });
  }
  client.send('chat', message);
  expect(await client.next('ack')).toMatchObject({ ref: message.id, conv_seq: 2 });
  const { client: bobs } = await stack.login(bob, { where: 1, device: 1 });
  const { items } = await readMailbox(bobs);
  expect(items.map(({ id }) => id)).toHaveLength(2);
});

test('nobody speaks for another user or device', async () => {
  const { alice, bob, client, write } = await rawAlice();
  for (const signed of [{ from: bob.id }, { device_id: alice.device(0).id }]) {
    client.send('chat', write(1, 'not me', { signed }));
    expect(await client.next('error')).toMatchObject({ code: 1006, error_code: 'PERMISSION_DENIED' });
  }
});

test('content that is not encrypted is refused', async () => {
  const { client, write } = await rawAlice();
  client.send('chat', write(1, 'in the open', { signed: { encrypted: false } }));
  expect(await client.next('error')).toMatchObject({ code: 1003, error_code: 'ENCRYPTION_ERROR' });
});

test('a clock that is far off is refused', async () => {
  const { client, write } = await rawAlice();
  const now = Math.floor(Date.now() / 1000);
  for (const timestamp of [now + 3600, now - 3 * 24 * 3600]) {
    client.send('chat', write(1, 'when?', { signed: { timestamp } }));
    expect((await client.next('error')).error_code).toBe('TIMESTAMP_OUT_OF_WINDOW');
  }
  client.send('chat', write(1, 'yesterday, offline', { signed: { timestamp: now - 24 * 3600 } }));
  await client.next('ack');
});
