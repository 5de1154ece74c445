import { describe, expect } from '@jest/globals';
import { RawClient, type RawTarget, until } from '@securechat/testkit';
import { allHave, fromTheOtherSide, openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: [{}, {}, { tls: true }] });
const { test } = stack;

const target = (gateway: number, transport: 'websocket' | 'tcp'): RawTarget => {
  const found = stack.constellation.gateways[gateway];
  if (!found) throw new RangeError(`there is no gateway ${gateway}`);
  return found.target(transport);
};

/** Alice's phone on one gateway, her laptop and Bob's phone on another, and the conversation they have. */
async function aliceTwiceAndBob() {
  const pair = await openPair(stack);
  const { alice, conversation, history } = pair;
  const laptop = await stack.open(alice, { where: 1, device: 1, history });
  await until('the laptop knows the conversation', () => laptop.conversations.has(conversation.id));
  return { ...pair, laptop };
}

test('two people on different gateways exchange messages both ways', async () => {
  const { alice, bob, alices, bobs, conversation, check } = await openPair(stack);
  const hello = await alices.sendChat(conversation, 'hello');
  const received = await bobs.receive(({ id }) => id === hello.ref);
  expect(received.payload.toString()).toBe('hello');
  expect(received.convSeq).toBe(hello.conv_seq);

  const back = await bobs.sendChat(fromTheOtherSide(conversation, alice), 'and to you');
  expect((await alices.receive(({ id }) => id === back.ref)).from).toBe(bob.id);
  expect(back.conv_seq).toBe(hello.conv_seq + 1);
  expect(check()).toEqual([]);
});

test("a message reaches the sender's other device, and not the sending one", async () => {
  const { alice, alices: phone, laptop, conversation } = await aliceTwiceAndBob();
  const { ref } = await phone.sendChat(conversation, 'a note to myself as well');
  const copy = await laptop.receive(({ id }) => id === ref);
  expect([copy.from, copy.fromDevice]).toEqual([alice.id, alice.device(0).address]);
  const second = await laptop.sendChat(conversation, 'seen');
  await phone.receive(({ id }) => id === second.ref);
  expect(phone.received.map(({ id }) => id)).toEqual([second.ref]);
});

test('what arrives is the envelope as it was signed, with a stamp beside it', async () => {
  const { alice, bob, alices, bobs, conversation } = await openPair(stack);
  const { mailbox } = bobs;
  await bobs.goOffline();
  const { ref, conv_seq, server_ts_ms } = await alices.sendChat(conversation, 'sealed');
  const { client } = await stack.login(bob, { where: 1 });
  client.send('resume', { type: 'resume', cursor: mailbox.cursor });
  const page = await client.next('sync_page');
  expect(page.items).toMatchObject([
    { type: 'chat', id: ref, from: alice.id, to: bob.id, conversation_id: conversation.id },
  ]);
  const [item] = page.items;
  expect(item?.delivery).toEqual({ seq: mailbox.cursor + 1, conv_seq, server_ts_ms });
  expect(Object.keys(item ?? {}).sort()).toEqual([
    ...['client_seq', 'conversation_id', 'delivery', 'device_id', 'encrypted', 'epoch', 'from', 'id'],
    ...['nonce', 'payload', 'signature', 'timestamp', 'to', 'type'],
  ]);
});

test('many messages from three devices at once arrive everywhere in the same order', async () => {
  const { alices: phone, laptop, bobs, conversation, check } = await aliceTwiceAndBob();
  const senders = [phone, laptop, bobs];
  const sent = senders.flatMap((sender) =>
    Array.from({ length: 40 }, (_, n) =>
      sender.sendChat(sender.conversations.get(conversation.id)!, `${sender.device.address} ${n}`),
    ),
  );
  const acks = await Promise.all(sent);
  expect(new Set(acks.map(({ conv_seq }) => conv_seq)).size).toBe(120);
  await allHave(senders, 80);
  expect(check()).toEqual([]);
});

describe('receipts', () => {
  test('tell the sender how far the message has come: stored by a device, then read', async () => {
    const { bob, alices, bobs, conversation } = await openPair(stack);
    const { conv_seq } = await alices.sendChat(conversation, 'hello');
    await until('Alice hears that it was delivered', () => {
      const mark = alices.watermarkOf(conversation, bob.id);
      return mark !== undefined && mark.delivered_through >= conv_seq;
    });
    expect(alices.watermarkOf(conversation, bob.id)?.read_through).toBe(0);

    bobs.markRead(conversation, conv_seq);
    await until(
      'Alice hears that it was read',
      () => alices.watermarkOf(conversation, bob.id)?.read_through === conv_seq,
    );
  });

  test('do not say "delivered" before a device has acknowledged', async () => {
    const { bob, alices, bobs, conversation } = await openPair(stack);
    await bobs.close();
    const { conv_seq } = await alices.sendChat(conversation, 'hello');
    const silent = await stack.open(bob, { where: 1, acks: 'never' });
    await silent.receive(({ convSeq }) => convSeq === conv_seq);

    // somebody else is sent a message after that and acknowledges it: by then Bob's receipt would be here
    const charlie = await stack.person('charlie');
    await stack.open(charlie, { where: 1 });
    const other = await alices.groups.createDirect(charlie);
    await alices.sendChat(other, 'hello');
    await until('Alice hears that Charlie has it', () => alices.watermarkOf(other, charlie.id));
    expect(alices.watermarkOf(conversation, bob.id)?.delivered_through ?? 0).toBeLessThan(conv_seq);

    await silent.close();
    await stack.open(bob, { where: 1 });
    await until('Alice hears that Bob has it', () => {
      const mark = alices.watermarkOf(conversation, bob.id);
      return mark !== undefined && mark.delivered_through >= conv_seq;
    });
  });
});

describe.each([
  ['WebSocket', 0, 'websocket'],
  ['TCP', 0, 'tcp'],
  ['WebSocket over TLS', 2, 'websocket'],
  ['TCP over TLS', 2, 'tcp'],
] as const)('over %s', (_name, gateway, transport) => {
  test('a conversation begins, and messages go both ways', async () => {
    const { alice, alices, bobs, conversation, check } = await openPair(stack, {
      alice: target(gateway, transport),
    });
    const large = 'x'.repeat(32 * 1024);
    const { ref } = await alices.sendChat(conversation, large);
    expect((await bobs.receive(({ id }) => id === ref)).payload.toString()).toBe(large);
    const back = await bobs.sendChat(fromTheOtherSide(conversation, alice), large);
    await alices.receive(({ id }) => id === back.ref);
    expect(check()).toEqual([]);
  });
});

describe('a gateway that terminates TLS', () => {
  for (const transport of ['websocket', 'tcp'] as const) {
    test(`refuses TLS 1.2 on ${transport}`, async () => {
      const { tls, ...address } = target(2, transport);
      const old = { ...address, tls: { ...tls!, maxVersion: 'TLSv1.2' } } as RawTarget;
      await expect(RawClient.connect(old)).rejects.toThrow(/alert protocol version/);
    });
  }

  test('refuses plain text on both ports', async () => {
    const { tcpPort, wsUrl } = stack.constellation.gateways[2]!;
    await expect(RawClient.connect({ url: wsUrl.replace('wss:', 'ws:') })).rejects.toThrow();
    const plain = await stack.connect({ tcp: { host: '127.0.0.1', port: tcpPort } });
    plain.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
    await expect(plain.next('pong')).rejects.toThrow('closed with 1006');
  });

  test('refuses another protocol name on TCP', async () => {
    const { tls, ...address } = target(2, 'tcp');
    await expect(
      RawClient.connect({ ...address, tls: { ...tls!, alpn: ['http/1.1'] } } as RawTarget),
    ).rejects.toThrow();
  });
});
