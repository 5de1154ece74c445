import { beforeAll, describe, expect } from '@jest/globals';
import { type Downstream, downstream, encodeUpstream, upstream } from '@securechat/protocol';
import {
  type Chat,
  type GroupCreate,
  makeChat,
  makeGroupCreate,
  newConversationId,
  newMessageId,
  type Person,
  type RawClient,
  type Tampering,
  until,
} from '@securechat/testkit';
import { readMailbox } from '../support/pair.ts';
import { type Attacker, expectPong, frameOf } from './support/attacker.ts';
import type { BadInput } from './support/bad-input.ts';
import { useSiege } from './support/siege.ts';

const siege = useSiege();
const { test } = siege;

/** Eve has two devices and a conversation with Bob; so has Alice. Charlie has none with Eve. */
let [alice, bob, charlie, eve]: Person[] = [];
let phone: Attacker;
let laptop: Attacker;
let alices: Attacker;
let withEve: string;
let withAlice: string;
let started: () => Promise<RawClient>;

beforeAll(async () => {
  [alice, bob, charlie, eve] = await Promise.all(
    ['alice', 'bob', 'charlie', 'eve'].map((name) => siege.victim(name)),
  );
  phone = siege.attackerFor(eve!);
  laptop = siege.attackerFor(eve!, { device: 1, transport: 'tcp' });
  alices = siege.attackerFor(alice!, { where: 1 });
  withEve = await siege.converse(phone, bob!);
  withAlice = await siege.converse(alices, bob!);
  started = barrierFor(siege.attackerFor(bob!, { where: 0 }));
}, 60_000);

/** Waits until everything that was sent through gateway 0 before, acknowledgements among it, has been dealt with. */
let settle: () => Promise<void>;

/**
 * What nobody answers is gathered by the gateway and goes to delivery in order. So Bob acknowledges something once more, which
 * changes nothing: when that has reached the stream and delivery has read it, so has all that came before.
 */
function barrierFor(bobs: Attacker): () => Promise<RawClient> {
  let client: RawClient | undefined;
  const open = async (): Promise<RawClient> => {
    if (client?.isOpen) return client;
    client = await bobs.newSession();
    await readMailbox(client, { ack: true });
    await siege.database.settled();
    return client;
  };
  settle = async () => {
    const open = await started();
    const before = [...(await siege.database.newestEntries()).values()].join();
    open.send('ack', { type: 'ack', through: 1 });
    await until('the acknowledgement is on its way', async () => {
      return [...(await siege.database.newestEntries()).values()].join() !== before;
    });
    await siege.database.settled();
  };
  return open;
}

function chatOf(by: Attacker, tampering: Tampering<Chat> = {}): Chat {
  const source = { from: by.person, device: by.device, to: bob!.id, conversationId: withEve, clientSeq: 1 };
  return makeChat({ ...source, payload: 'canary' }, tampering);
}
const chat = (by: Attacker, signed: Partial<Chat>): Uint8Array =>
  encodeUpstream('chat', chatOf(by, { signed }));

const denied = { error: 'PERMISSION_DENIED' } as const;
const form = { error: 'INVALID_MESSAGE_FORMAT' } as const;

describe('nobody speaks for somebody else:', () => {
  siege.refuses(
    () => phone,
    [
      { name: 'from another user', send: (by) => chat(by, { from: alice!.id }), ...denied },
      { name: 'from the receiver', send: (by) => chat(by, { from: bob!.id, to: eve!.id }), ...denied },
      { name: 'from nobody', send: (by) => chat(by, { from: 'canary_nobody' }), ...denied },
      {
        name: 'from a name that differs in case',
        send: (by) => chat(by, { from: eve!.id.toUpperCase() }),
        ...denied,
      },
      {
        name: 'from another device of the same user',
        send: (by) => chat(by, { device_id: eve!.device(1).id }),
        ...denied,
      },
      { name: 'from a device that there is not', send: (by) => chat(by, { device_id: 'canary' }), ...denied },
      {
        name: 'from another user, with her key',
        send: (by) =>
          encodeUpstream('chat', chatOf(by, { signed: { from: alice!.id }, signWith: alice!.device(0).key })),
        ...denied,
      },
      {
        name: 'from another device of the same user, with its key',
        send: (by) =>
          encodeUpstream(
            'chat',
            chatOf(by, { signed: { device_id: eve!.device(1).id }, signWith: eve!.device(1).key }),
          ),
        ...denied,
      },
    ],
  );
});

describe('nobody speaks where she does not belong:', () => {
  const inputs: BadInput[] = [
    {
      name: 'in a conversation of others',
      send: (by) => chat(by, { conversation_id: withAlice }),
      ...denied,
    },
    {
      name: 'in a conversation of others, to its other member',
      send: (by) => chat(by, { conversation_id: withAlice, to: alice!.id }),
      ...denied,
    },
    {
      name: 'in a conversation that there is not',
      send: (by) => chat(by, { conversation_id: newConversationId() }),
      ...denied,
    },
    { name: 'to somebody who is not in it', send: (by) => chat(by, { to: charlie!.id }), ...denied },
    { name: 'to herself', send: (by) => chat(by, { to: eve!.id }), ...denied },
    { name: 'to nobody', send: (by) => chat(by, { to: 'canary_nobody' }), ...denied },
    { name: 'to the conversation', send: (by) => chat(by, { to: withEve }), ...denied },
    {
      name: 'to a name that differs in case',
      send: (by) => chat(by, { to: bob!.id.toUpperCase() }),
      ...denied,
    },
    {
      name: 'in an epoch that is not',
      send: (by) => chat(by, { epoch: Number.MAX_SAFE_INTEGER }),
      error: 'STALE_EPOCH',
      says: { epoch: 0 },
    },
    {
      name: 'at a place that is not next',
      send: (by) => chat(by, { client_seq: 2 }),
      error: 'SEQ_GAP',
      says: { expected: 1 },
    },
    {
      name: 'at the last place that there is',
      send: (by) => chat(by, { client_seq: Number.MAX_SAFE_INTEGER }),
      error: 'SEQ_GAP',
      says: { expected: 1 },
    },
    { name: 'what has expired', send: (by) => chat(by, { metadata: { expires_at: 1 } }), error: 'EXPIRED' },
  ];
  siege.refuses(() => phone, inputs);

  test('and is not told whether it exists', async () => {
    const answers: Downstream<'error'>[] = [];
    for (const signed of [
      { conversation_id: withAlice },
      { conversation_id: newConversationId() },
      { to: charlie!.id },
      { to: 'canary_nobody' },
    ]) {
      const client = await phone.session();
      client.sendFrame(chat(phone, { ...signed, id: 'canary_same' }));
      answers.push(await client.next('error'));
    }
    expect(answers.map((answer) => JSON.stringify(answer))).toEqual(
      answers.map(() => JSON.stringify(answers[0])),
    );
  });
});

describe('nobody begins a conversation for somebody else:', () => {
  const create = (by: Attacker, tampering: Tampering<GroupCreate> = {}): Uint8Array =>
    encodeUpstream(
      'group_create',
      makeGroupCreate({ creator: by.person, device: by.device, peer: charlie! }, tampering),
    );
  const add = (by: Attacker, ...others: string[]): Uint8Array =>
    create(by, { signed: { added_devices: [by.device.address, ...others], welcome_to: others } });
  const addressOf = (person: Person | undefined, index = 0): string => person!.device(index).address;

  const inputs: BadInput[] = [
    { name: 'in the name of another', send: (by) => create(by, { signed: { from: alice!.id } }), ...denied },
    {
      name: 'from another device',
      send: (by) => create(by, { signed: { device_id: eve!.device(1).id } }),
      ...denied,
    },
    {
      name: 'of two others',
      send: (by) => create(by, { signed: { members: [alice!.id, charlie!.id] } }),
      ...denied,
    },
    {
      name: 'with nobody',
      send: (by) => create(by, { signed: { members: [eve!.id, 'canary_nobody'] } }),
      ...denied,
    },
    { name: 'with herself', send: (by) => create(by, { signed: { members: [eve!.id, eve!.id] } }), ...form },
    { name: 'of one', send: (by) => create(by, { signed: { members: [eve!.id] } }), ...form },
    {
      name: 'of three',
      send: (by) => create(by, { signed: { members: [eve!.id, bob!.id, charlie!.id] } }),
      ...form,
    },
    {
      name: 'with a device of a third',
      send: (by) => add(by, addressOf(charlie), addressOf(alice)),
      ...denied,
    },
    {
      name: 'with devices of a third only',
      send: (by) => add(by, addressOf(alice), addressOf(alice, 1)),
      ...denied,
    },
    { name: 'with a device that there is not', send: (by) => add(by, `${charlie!.id}:canary`), ...denied },
    { name: 'with a device of nobody', send: (by) => add(by, 'canary_nobody:phone'), ...denied },
    {
      name: 'with a device of nobody beside good ones',
      send: (by) => add(by, addressOf(charlie), 'nobody:canary'),
      ...denied,
    },
    { name: 'with a device twice', send: (by) => add(by, addressOf(charlie), addressOf(charlie)), ...form },
    { name: 'without a device of the other', send: (by) => add(by, addressOf(eve, 1)), ...form },
    { name: 'with nothing but her own device', send: (by) => add(by), ...form },
    {
      name: 'without the device that begins it',
      send: (by) => {
        const added_devices = [addressOf(eve, 1), addressOf(charlie)];
        return create(by, { signed: { added_devices, welcome_to: added_devices } });
      },
      ...form,
    },
    ...(
      [
        ['for nobody', () => []],
        ['for fewer than take part', (all) => all.slice(1)],
        ['for the device that begins it as well', (all) => [...all, addressOf(eve)]],
        ['for one of them twice', (all) => [...all.slice(1), all[1]!]],
        ['for a third', (all) => [...all.slice(1), addressOf(alice)]],
        ['for a device that there is not', (all) => [...all, `${charlie!.id}:canary`]],
      ] as [string, (all: string[]) => string[]][]
    ).map(
      ([name, change]): BadInput => ({
        name: `with a welcome ${name}`,
        send: (by) => {
          const all = [addressOf(eve, 1), addressOf(charlie), addressOf(charlie, 1)];
          return create(by, { signed: { welcome_to: change(all) } });
        },
        ...form,
      }),
    ),
    { name: 'in a later epoch', send: (by) => create(by, { signed: { epoch: 1 } }), ...form },
    { name: 'in a later generation', send: (by) => create(by, { signed: { generation: 1 } }), ...form },
    {
      name: 'under the id of a conversation of others',
      send: (by) => create(by, { signed: { conversation_id: withAlice } }),
      ...denied,
    },
    {
      name: 'under the id of a conversation of her own with another',
      send: (by) => create(by, { signed: { conversation_id: withEve } }),
      ...denied,
    },
    {
      name: 'that there is already',
      send: (by) =>
        encodeUpstream(
          'group_create',
          makeGroupCreate({ creator: by.person, device: by.device, peer: bob! }),
        ),
      error: 'CONVERSATION_EXISTS',
    },
  ];
  siege.refuses(() => phone, inputs);

  test('also not by sending a good creation right behind a bad one under the same id', async () => {
    const [first, second] = await Promise.all(['dora', 'emil'].map((name) => siege.victim(name)));
    const attacker = siege.attackerFor(first!);
    const conversationId = newConversationId();
    const source = { creator: first!, device: first!.device(0), peer: second!, conversationId };
    const good = makeGroupCreate(source);
    const bad = [
      makeGroupCreate(source, { signed: { members: [alice!.id, bob!.id] } }),
      makeGroupCreate(source, { signed: { added_devices: [...good.added_devices, addressOf(alice)] } }),
      makeGroupCreate(source, { signed: { welcome_to: [] } }),
    ];
    const client = await attacker.session();
    client.sendFrame(Buffer.concat([...bad, good].map((message) => encodeUpstream('group_create', message))));
    const answers = new Map<string | undefined, string>();
    while (answers.size < 4) {
      const answer = await client.nextOf(['ack', 'error']);
      if (answer.type === 'ack') answers.set(answer.ref, `place ${answer.conv_seq}`);
      else answers.set(answer.reference_id, answer.error_code);
    }
    expect([...bad, good].map(({ id }) => answers.get(id))).toEqual([
      ...['PERMISSION_DENIED', 'PERMISSION_DENIED', 'INVALID_MESSAGE_FORMAT', 'place 1'],
    ]);
    const { items } = await readMailbox(await siege.attackerFor(second!).session());
    expect(items.map(({ id }) => id)).toEqual([good.id]);
  });

  test('and nobody speaks in it before it has begun, however close behind that is', async () => {
    const [first, second] = await Promise.all(['frida', 'gustav'].map((name) => siege.victim(name)));
    const attacker = siege.attackerFor(first!);
    const conversationId = newConversationId();
    const creation = makeGroupCreate({
      creator: first!,
      device: first!.device(0),
      peer: second!,
      conversationId,
    });
    const source = { from: first!, device: first!.device(0), to: second!.id, conversationId, clientSeq: 1 };
    const early = makeChat({ ...source, payload: 'canary' });
    const client = await attacker.session();
    client.sendFrame(
      Buffer.concat([encodeUpstream('chat', early), encodeUpstream('group_create', creation)]),
    );
    expect(await client.next('error')).toMatchObject({
      error_code: 'PERMISSION_DENIED',
      reference_id: early.id,
    });
    expect(await client.next('ack')).toMatchObject({ ref: creation.id, conv_seq: 1 });
    const { items } = await readMailbox(await siege.attackerFor(second!).session());
    expect(items.map(({ id }) => id)).toEqual([creation.id]);
  });
});

describe('nobody asks for more than is hers:', () => {
  siege.refuses(
    () => phone,
    [
      {
        name: 'the devices of nobody',
        send: () =>
          encodeUpstream('device_list', { type: 'device_list', id: 'canary_q', user_id: 'canary_nobody' }),
        error: 'USER_NOT_FOUND',
        says: { reference_id: 'canary_q' },
      },
      {
        name: 'the devices of a conversation',
        send: () =>
          encodeUpstream('device_list', { type: 'device_list', id: 'canary_q', user_id: withAlice }),
        ...form,
      },
      ...Object.values(downstream)
        .filter(({ id }) => !Object.values(upstream).some((up) => up.id === id))
        .map(
          ({ name, id }): BadInput => ({
            name: `${name}, which only the server says`,
            send: () => frameOf(id, JSON.stringify({ type: name, ...serverSays[name] })),
            error: 'UNKNOWN_TYPE',
          }),
        ),
      {
        name: 'the server’s form of ack',
        send: () =>
          frameOf(
            'ack',
            JSON.stringify({
              type: 'ack',
              ref: 'canary',
              status: 'stored',
              conversation_id: withAlice,
              conv_seq: 1,
              server_ts_ms: 1,
            }),
          ),
        ...form,
      },
      {
        name: 'the server’s form of chat',
        send: (by) => {
          const stamped = { ...chatOf(by), delivery: { seq: 1, conv_seq: 1, server_ts_ms: 1 } };
          return frameOf('chat', JSON.stringify(stamped));
        },
        ...form,
      },
      {
        name: 'the server’s form of device_list',
        send: () =>
          frameOf(
            'device_list',
            JSON.stringify({ type: 'device_list', ref: 'canary', user_id: eve!.id, version: 2, devices: [] }),
          ),
        ...form,
      },
      ...['stored', 'refused', 'deliver', 'head', 'receipts', 'reply', 'close'].map(
        (kind): BadInput => ({
          name: `a record between services: ${kind}`,
          send: () =>
            frameOf(
              'ack',
              JSON.stringify({
                kind,
                type: kind,
                connection: 1,
                correlation: 'AAAA',
                to: [[1, 9]],
                through: 1,
              }),
            ),
          ...form,
        }),
      ),
      ...['certify', 'login', 'page', 'heads'].map(
        (kind): BadInput => ({
          name: `a question between services: ${kind}`,
          send: () =>
            frameOf(
              'resume',
              JSON.stringify({ kind, device: 1, user: 1, from: 0, devices: [1], user_id: alice!.id }),
            ),
          ...form,
        }),
      ),
    ],
  );

  test('fields of the inside are of no effect', async () => {
    const inside = {
      user: 1,
      device: 1,
      user_id: bob!.id,
      device_id: 'phone',
      gateway: 'gateway-1',
      connection: 1,
    };
    await settle();
    const before = await siege.database.fingerprint();
    const client = await phone.newSession();
    client.sendFrame(
      frameOf(
        'resume',
        JSON.stringify({ type: 'resume', cursor: 0, ...inside, from: 0, ack: true, limit: 1e3 }),
      ),
    );
    // her own mailbox is empty, all others have the welcome of a conversation
    expect(await client.next('sync_page')).toMatchObject({ items: [], through: 0 });
    for (const more of [{}, { through: 1 }]) {
      client.sendFrame(frameOf('ack', JSON.stringify({ type: 'ack', through: 1, ...inside, ...more })));
      client.sendFrame(frameOf('sync', JSON.stringify({ type: 'sync', from: 0, ...inside })));
    }
    const mark = { conversation_id: withAlice, delivered_through: 9, read_through: 9 };
    client.sendFrame(frameOf('receipt', JSON.stringify({ type: 'receipt', ...mark, ...inside })));
    await expectPong(client);
    await settle();
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

const serverSays: Record<string, object> = {
  server_hello: { version: '1.0', session_id: 'session_canary' },
  session_ready: { session_id: 'session_canary', resume_ticket: 'canary' },
  pong: { timestamp: 0, sequence: 1 },
  error: { code: 1000, error_code: 'INVALID_SIGNATURE', error_message: 'canary' },
  goaway: { code: 4504, reason: 'canary' },
  sync_page: { items: [], through: 9, more: false, mailbox_epoch: 1 },
};

describe('nobody has more than she was sent:', () => {
  type Silent = { name: string; send: (client: RawClient) => void };
  const MAX = Number.MAX_SAFE_INTEGER;
  const silent: Silent[] = [
    { name: 'an ack before resume', send: (client) => client.send('ack', { type: 'ack', through: 1 }) },
    {
      name: 'an ack of 2^53-1 before resume',
      send: (client) => client.send('ack', { type: 'ack', through: MAX }),
    },
    { name: 'a sync before resume', send: (client) => client.send('sync', { type: 'sync', from: MAX }) },
    {
      name: 'an ack right behind a sync before resume',
      send: (client) => {
        client.send('sync', { type: 'sync', from: MAX });
        client.send('ack', { type: 'ack', through: MAX });
      },
    },
    {
      name: 'a cursor beyond the head',
      send: (client) => client.send('resume', { type: 'resume', cursor: MAX }),
    },
    {
      name: 'a cursor one beyond the head',
      send: (client) => client.send('resume', { type: 'resume', cursor: 2 }),
    },
    {
      name: 'a cursor beyond the head and an ack right behind it',
      send: (client) => {
        client.send('resume', { type: 'resume', cursor: MAX });
        client.send('ack', { type: 'ack', through: MAX });
      },
    },
    {
      name: 'a cursor of another epoch and an ack right behind it',
      send: (client) => {
        client.send('resume', { type: 'resume', cursor: MAX, mailbox_epoch: MAX });
        client.send('ack', { type: 'ack', through: MAX });
      },
    },
    {
      name: 'a receipt for a conversation of others',
      send: (client) =>
        client.send('receipt', { type: 'receipt', conversation_id: withEve, read_through: MAX }),
    },
    {
      name: 'a receipt beyond what was delivered',
      send: (client) =>
        client.send('receipt', { type: 'receipt', conversation_id: withAlice, read_through: MAX }),
    },
    {
      name: 'a receipt for a conversation that there is not',
      send: (client) =>
        client.send('receipt', { type: 'receipt', conversation_id: newConversationId(), read_through: 1 }),
    },
  ];

  for (const { name, send } of silent) {
    test(`${name} changes nothing, and what waits is still delivered`, async () => {
      await settle();
      const before = await siege.database.fingerprint();
      // her laptop has one message, the creation of the conversation with Bob, and has acknowledged nothing
      const waiting = siege.attackerFor(alice!, { device: 1, where: 0 });
      const client = await waiting.newSession();
      send(client);
      await expectPong(client);
      await settle();
      expect(await siege.database.fingerprint()).toEqual(before);
      client.destroy();
      const { items } = await readMailbox(await waiting.newSession());
      expect(items).toMatchObject([
        { type: 'group_create', conversation_id: withAlice, delivery: { seq: 1 } },
      ]);
      waiting.close();
    });
  }

  test('an ack of 2^53-1 covers what was sent and nothing that comes later', async () => {
    const waiting = siege.attackerFor(alice!, { device: 1, where: 0 });
    const client = await waiting.newSession();
    const { through } = await readMailbox(client);
    client.send('ack', { type: 'ack', through: MAX });
    await expectPong(client);
    await settle();
    client.destroy();
    const source = {
      from: alice!,
      device: alice!.device(0),
      to: bob!.id,
      conversationId: withAlice,
      clientSeq: 1,
    };
    const later = makeChat({ ...source, payload: 'canary: later' });
    const sender = await alices.newSession();
    sender.send('chat', later);
    await sender.next('ack');
    const page = await readMailbox(await waiting.newSession(), { cursor: through });
    expect(page.items.map(({ id }) => id)).toEqual([later.id]);
    expect(page.through).toBe(through + 1);
  });

  test('a mark is never beyond what a device of hers has acknowledged', async () => {
    const client = await phone.newSession();
    client.send('receipt', { type: 'receipt', conversation_id: withEve, read_through: MAX });
    await expectPong(client);
    await settle();
    const beyond = await siege.database.count('delivery.conv_members WHERE read_seq > delivered_seq');
    const read = await siege.database.count('delivery.conv_members WHERE user_name = $1 AND read_seq > 0', [
      eve!.id,
    ]);
    expect([beyond, read]).toEqual([0, 0]);
  });

  test('her laptop sees nothing of what is only for her phone', async () => {
    const operation = makeGroupCreate(
      { creator: eve!, device: eve!.device(0), peer: charlie! },
      {
        signed: {
          id: newMessageId(),
          added_devices: [eve!.device(0).address, charlie!.device(0).address],
          welcome_to: [charlie!.device(0).address],
        },
      },
    );
    const client = await phone.session();
    client.send('group_create', operation);
    await client.next('ack');
    const { items } = await readMailbox(await laptop.session());
    expect(items.map((item) => item.conversation_id)).toEqual([withEve]);
    const source = { from: eve!, device: eve!.device(1), to: charlie!.id, clientSeq: 1, payload: 'canary' };
    await siege.check(laptop, {
      name: 'a chat from the laptop',
      send: () => encodeUpstream('chat', makeChat({ ...source, conversationId: operation.conversation_id })),
      ...denied,
    });
  });
});

siege.endsWell();
