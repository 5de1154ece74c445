import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '@securechat/crypto/sign';
import { transcript } from '@securechat/protocol';
import { partitionOf } from '@securechat/protocol/internal';
import {
  bob,
  type Chat,
  makeChat,
  makeGroupCreate,
  newConversationId,
  nowSeconds,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices, storedFor } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
/** A new user per test, so that tests do not share a rate limit. */
let sender: Person;
let client: RawClient;
let people = 0;
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  gateway = await startGateway({ REDIS_URL: store.url, STREAM_PREFIX: store.prefix });
});
beforeEach(async () => {
  sender = personNamed(`sender${++people}`);
  client = await session(sender);
});
afterEach(async () => {
  far.onMessage = storedFor;
  far.onAuth = (ask) => far.answerAuth(ask);
  for (const one of open.splice(0)) one.destroy();
  await until('all connections are gone', async () => (await gateway.metric('connections_count')) === 0);
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

async function session(person: Person, device = 0): Promise<RawClient> {
  far.enrol(person.id, person.device(device));
  const one = await RawClient.connect(gateway.websocket);
  open.push(one);
  await one.login({ person, device: person.device(device) });
  return one;
}

type Changes = Parameters<typeof makeChat>[1];
const chatWith = (changes?: Changes): Chat =>
  makeChat(
    {
      from: sender,
      device: sender.device(0),
      to: bob.id,
      conversationId: newConversationId(),
      clientSeq: 1,
      payload: 'x',
    },
    changes,
  );

async function refusalOf(message: object, type = 0x0301) {
  const before = far.messages.length;
  client.sendAny(type, message);
  const error = await client.next('error');
  expect(far.messages).toHaveLength(before);
  return error;
}

/** The connection stays and works. */
async function expectHealthy(): Promise<void> {
  const message = chatWith();
  client.send('chat', message);
  expect(await client.next('ack')).toMatchObject({ ref: message.id, status: 'stored' });
}

test('a sound chat reaches delivery byte for byte, with what was proved at login beside it', async () => {
  const message = chatWith({ signed: { metadata: { expires_at: nowSeconds() + 60, reply_to: 'm_1' } } });
  client.send('chat', message);
  const ack = await client.next('ack');
  expect(ack).toMatchObject({ ref: message.id, conversation_id: message.conversation_id, conv_seq: 1 });
  expect(ack).not.toHaveProperty('dup');
  const record = far.messages.at(-1);
  expect(Buffer.from(record?.body ?? []).toString()).toBe(JSON.stringify(message));
  const { signature: _, ...signed } = message;
  expect(record?.head).toMatchObject({
    ...far.enrol(sender.id, sender.device(0)),
    type: 'chat',
    gateway: gateway.id,
    id: message.id,
    hash: sha256(transcript('envelope', signed)).toString('base64'),
    conversation: message.conversation_id,
    client_seq: 1,
    epoch: 0,
    to: 'bob',
    expires_at: message.metadata?.expires_at,
  });
  expect(record?.stream).toBe(far.streams.ordered[partitionOf(message.conversation_id, 4)]);
});

test('a group creation reaches delivery the same way', async () => {
  const operation = makeGroupCreate({ creator: sender, device: sender.device(0), peer: bob });
  client.send('group_create', operation);
  expect((await client.next('ack')).ref).toBe(operation.id);
  expect(far.messages.at(-1)?.head).toMatchObject({
    type: 'group_create',
    members: [sender.id, 'bob'],
    added_devices: operation.added_devices,
    welcome_to: operation.welcome_to,
    generation: 0,
  });
});

test('what delivery refuses is passed on, and a repeated message is marked', async () => {
  far.onMessage = (head) => ({
    kind: 'refused',
    connection: head.connection,
    error: 'SEQ_GAP',
    detail: { reference_id: head.id, expected: 7 },
  });
  const message = chatWith();
  client.send('chat', message);
  expect(await client.next('error')).toMatchObject({
    code: 1000,
    error_code: 'SEQ_GAP',
    expected: 7,
    reference_id: message.id,
  });
  far.onMessage = (head) => {
    const stored = storedFor(head);
    return stored.kind === 'stored' ? { ...stored, dup: true } : stored;
  };
  client.send('chat', message);
  expect(await client.next('ack')).toMatchObject({ ref: message.id, dup: true });
});

describe('who and when', () => {
  test.each([
    ['from', { from: 'bob' }],
    ['device_id', { device_id: 'laptop' }],
    ['device_id', { device_id: 'another' }],
  ])('%s must be the session’s: 1006', async (field, signed) => {
    const message = chatWith({ signed });
    expect(await refusalOf(message)).toMatchObject({
      code: 1006,
      error_code: 'PERMISSION_DENIED',
      reference_id: message.id,
      error_message: expect.stringContaining(`/${field}`),
    });
    await expectHealthy();
  });

  test('the same goes for a group creation', async () => {
    const operation = makeGroupCreate(
      { creator: sender, device: sender.device(0), peer: bob },
      { signed: { from: 'bob' } },
    );
    expect(await refusalOf(operation, 0x0401)).toMatchObject({ code: 1006, reference_id: operation.id });
  });

  test('content that is not encrypted is refused with 1003', async () => {
    expect(await refusalOf(chatWith({ signed: { encrypted: false } }))).toMatchObject({
      code: 1003,
      error_code: 'ENCRYPTION_ERROR',
    });
    await expectHealthy();
  });

  test('timestamps may be 5 minutes ahead and 48 hours behind, not more', async () => {
    const days2 = 48 * 3600;
    for (const off of [-days2 - 5, 305, -10 * days2, 10 * days2]) {
      expect(await refusalOf(chatWith({ signed: { timestamp: nowSeconds() + off } }))).toMatchObject({
        code: 1000,
        error_code: 'TIMESTAMP_OUT_OF_WINDOW',
      });
    }
    for (const off of [-days2 + 5, 295]) {
      client.send('chat', chatWith({ signed: { timestamp: nowSeconds() + off } }));
      await client.next('ack');
    }
  });
});

describe('a signature', () => {
  test.each<[string, () => Changes]>([
    ['by another key', () => ({ signWith: bob.device(0).key })],
    ['of zeros', () => ({ unsigned: { signature: Buffer.alloc(64).toString('base64') } })],
    ...(['id', 'to', 'payload', 'nonce', 'conversation_id'] as const).map(
      (field): [string, () => Changes] => [
        `that does not cover the ${field} that was sent`,
        () => ({ unsigned: { [field]: { ...chatWith(), to: 'carol', payload: 'AAAA' }[field] } }),
      ],
    ),
    ['that does not cover the epoch that was sent', () => ({ unsigned: { epoch: 3 } })],
    ['that does not cover the client_seq that was sent', () => ({ unsigned: { client_seq: 3 } })],
    [
      'that does not cover the metadata that was sent',
      () => ({ unsigned: { metadata: { thread_id: 't' } } }),
    ],
    [
      'that does not cover the timestamp that was sent',
      () => ({ unsigned: { timestamp: nowSeconds() - 9 } }),
    ],
  ])('%s: 1002, and the connection stays', async (_, changes) => {
    const message = chatWith(changes());
    expect(await refusalOf(message)).toMatchObject({
      code: 1002,
      error_code: 'INVALID_SIGNATURE',
      reference_id: message.id,
    });
    await expectHealthy();
  });

  test('of a group creation covers its welcome', async () => {
    const source = { creator: sender, device: sender.device(0), peer: bob };
    expect(await refusalOf(makeGroupCreate(source, { unsigned: { welcome: 'AAAA' } }), 0x0401)).toMatchObject(
      {
        code: 1002,
      },
    );
  });
});

describe('the form', () => {
  test.each<[string, (message: Chat) => object]>([
    ['a member that is not of the envelope', (message) => ({ ...message, colour: 'blue' })],
    [
      'a delivery stamp of its own',
      (message) => ({ ...message, delivery: { seq: 1, conv_seq: 1, server_ts_ms: 1 } }),
    ],
    ['no nonce', ({ nonce: _, ...message }) => message],
    ['base64 without padding', (message) => ({ ...message, payload: 'QQ' })],
    ['base64 with bits that mean nothing', (message) => ({ ...message, payload: 'QR==' })],
    ['an id with a blank', (message) => ({ ...message, id: 'a b' })],
    ['a client_seq of 0', (message) => ({ ...message, client_seq: 0 })],
    ['a nested value in its metadata', (message) => ({ ...message, metadata: { a: { b: 1 } } })],
    [
      'too many metadata',
      (message) => ({
        ...message,
        metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, n])),
      }),
    ],
  ])('%s: 1000, and the connection stays', async (_, change) => {
    expect(await refusalOf(change(chatWith()))).toMatchObject({
      code: 1000,
      error_code: 'INVALID_MESSAGE_FORMAT',
    });
    await expectHealthy();
  });

  test.each(['\\ud800', '\\udc00', 'a\\ud83d', '\\ude00\\ud83d'])(
    'half a character in the metadata (%s): 1000, and the connection stays',
    async (half) => {
      const text = JSON.stringify(chatWith({ signed: { metadata: { reply_to: 'HERE' } } })).replace(
        'HERE',
        half,
      );
      const before = far.messages.length;
      client.sendAny(0x0301, text);
      expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'INVALID_MESSAGE_FORMAT' });
      expect(far.messages).toHaveLength(before);
      await expectHealthy();
    },
  );
});

test('ten faults are answered, and the connection is ended with the eleventh: 4502', async () => {
  for (let n = 0; n < 10; n++)
    expect((await refusalOf(chatWith({ signWith: bob.device(0).key }))).code).toBe(1002);
  await expectHealthy();
  expect((await refusalOf(chatWith({ signed: { encrypted: false } }))).code).toBe(1003);
  expect(await client.end()).toEqual({ code: 4502, reason: 'the protocol was broken' });
});

test('refusals of an honest client are not held against it', async () => {
  far.onMessage = (head) => ({
    kind: 'refused',
    connection: head.connection,
    error: 'STALE_EPOCH',
    detail: { reference_id: head.id, epoch: 5 },
  });
  for (let n = 0; n < 30; n++) {
    client.send('chat', chatWith());
    expect((await client.next('error')).epoch).toBe(5);
  }
  far.onMessage = storedFor;
  await expectHealthy();
});

describe('ping', () => {
  const ping = (sequence: number) => client.send('ping', { type: 'ping', timestamp: 0, sequence });

  test('is answered with its own sequence and the time here', async () => {
    ping(41);
    const pong = await client.next('pong');
    expect(pong.sequence).toBe(41);
    expect(Math.abs(pong.timestamp - nowSeconds())).toBeLessThanOrEqual(1);
  });

  test('must count up; holes are fine', async () => {
    ping(0);
    await client.next('pong');
    for (const old of [0]) {
      ping(old);
      expect(await client.next('error')).toMatchObject({ code: 1000, error_code: 'INVALID_MESSAGE_FORMAT' });
    }
    ping(500);
    ping(499);
    expect((await client.next('pong')).sequence).toBe(500);
    expect((await client.next('error')).code).toBe(1000);
  });

  test('more than ten in ten seconds are refused with 1004, and persistence ends the connection', async () => {
    for (let n = 0; n < 10; n++) ping(n);
    for (let n = 0; n < 10; n++) await client.next('pong');
    ping(10);
    const refusal = await client.next('error');
    expect(refusal).toMatchObject({ code: 1004, scope: 'pings' });
    expect(refusal.retry_after_ms).toBeGreaterThan(8000);
    expect(client.isOpen).toBe(true);
  });
});

test('device lists are asked of auth, and limited', async () => {
  const list = { type: 'device_list', user_id: 'bob' } as const;
  client.send('device_list', { ...list, id: 'q1' });
  expect(await client.next('error')).toMatchObject({
    code: 1005,
    error_code: 'USER_NOT_FOUND',
    reference_id: 'q1',
  });
  for (let n = 2; n <= 61; n++) client.send('device_list', { ...list, id: `q${n}` });
  expect(await client.next('error', ({ code }) => code === 1004)).toMatchObject({
    scope: 'lookups',
    reference_id: 'q61',
  });
});

test('blocks are asked of delivery by the number of the user, and limited', async () => {
  const about = far.asked.length;
  client.send('block', { type: 'block', id: 'b1', user_id: sender.id });
  expect(await client.next('error')).toMatchObject({ error_code: 'PERMISSION_DENIED', reference_id: 'b1' });
  expect(far.asked).toHaveLength(about);
  client.send('block', { type: 'block', id: 'b2', user_id: 'bob' });
  expect(await client.next('block')).toEqual({ type: 'block', ref: 'b2', user_id: 'bob' });
  const { user } = far.enrol(sender.id, sender.device(0));
  expect(far.asked.at(-1)).toEqual({ kind: 'block', user, name: 'bob' });
  client.send('unblock', { type: 'unblock', id: 'b3', user_id: 'bob' });
  expect(await client.next('unblock')).toEqual({ type: 'unblock', ref: 'b3', user_id: 'bob' });

  far.onBlocks = (ask) => (ask.kind === 'block' ? { is_blocked: false } : { names: ['bob'], more: true });
  client.send('block', { type: 'block', id: 'b4', user_id: 'bob' });
  const full = { error_code: 'RATE_LIMITED', scope: 'blocked_users', limit: 10_000, reference_id: 'b4' };
  expect(await client.next('error')).toMatchObject(full);
  client.send('block_list', { type: 'block_list', id: 'b5', after: 'anna' });
  expect(await client.next('block_list')).toEqual({
    type: 'block_list',
    ref: 'b5',
    user_ids: ['bob'],
    more: true,
  });
  expect(far.asked.at(-1)).toEqual({ kind: 'block_list', user, after: 'anna', limit: 200 });

  for (let n = 5; n <= 61; n++) client.send('block_list', { type: 'block_list', id: `l${n}` });
  expect(await client.next('error')).toMatchObject({ scope: 'blocks', reference_id: 'l61' });
});

test('the 101st message of a minute is refused with 1004, over all devices of the user', async () => {
  const second = await session(sender, 1);
  const conversationId = newConversationId();
  const clients = [client, second];
  for (let n = 0; n < 100; n++) {
    const device = sender.device(n % 2);
    const chat = makeChat({
      from: sender,
      device,
      to: 'bob',
      conversationId,
      clientSeq: n + 1,
      payload: 'x',
    });
    clients[n % 2]?.send('chat', chat);
    await clients[n % 2]?.next('ack');
  }
  const refusal = await refusalOf(chatWith());
  expect(refusal).toMatchObject({ code: 1004, error_code: 'RATE_LIMITED', scope: 'messages', limit: 100 });
  expect(refusal.retry_after_ms).toBeGreaterThan(30_000);
  // a client that waits as told must not be told a shorter time the next time
  const again = await refusalOf(chatWith());
  expect(again.retry_after_ms).toBeGreaterThan(30_000);
  expect(await gateway.metric('limits_hit_total', { limit: 'messages_per_minute' })).toBe(2);
});

describe('the mailbox', () => {
  const acks = () => far.acks.filter((ack) => ack.type === 'ack' && ack.device === deviceNumber());
  const deviceNumber = () => far.enrol(sender.id, sender.device(0)).device;
  const stored = () =>
    far.store(deviceNumber(), { type: 'chat', body: Buffer.from(JSON.stringify(chatWith())) });
  const push = (seq: number, changes: object = {}) => {
    const head = {
      kind: 'deliver',
      type: 'chat',
      conv_seq: seq,
      at: 1,
      received_at: Date.now(),
      to: [[deviceNumber(), seq]],
    };
    const body = far.mailboxes.get(deviceNumber())?.[seq - 1]?.body ?? Buffer.from('{}');
    return far.send(gateway.id, { head: { ...head, ...changes } as never, body });
  };

  test('resume brings pages, then pushes; each is counted under its own type', async () => {
    const sent = (type: string) => gateway.metric('frames_sent_total', { type });
    const counts = async () => ({ page: await sent('sync_page'), chat: await sent('chat') });
    const before = await counts();
    stored();
    stored();
    client.send('resume', { type: 'resume', cursor: 0 });
    const page = await client.next('sync_page');
    expect(page).toMatchObject({ through: 2, more: false, mailbox_epoch: 1 });
    expect(page.items.map(({ delivery }) => delivery.seq)).toEqual([1, 2]);
    await push(stored());
    expect((await client.next('chat')).delivery.seq).toBe(3);
    const after = await counts();
    expect({ page: after.page - before.page, chat: after.chat - before.chat }).toEqual({ page: 1, chat: 1 });
  });

  test('a push that has expired is not sent; the page that follows passes the hole', async () => {
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    far.store(deviceNumber(), undefined);
    await push(1, { expires_at: nowSeconds() - 1 });
    expect(await client.next('sync_page')).toMatchObject({ items: [], through: 1 });
    await push(stored());
    expect((await client.next('chat')).delivery.seq).toBe(2);
  });

  test('what was pushed before resume is not sent, and comes with the pages', async () => {
    await push(stored());
    client.send('resume', { type: 'resume', cursor: 0 });
    expect((await client.nextOfAny()).name).toBe('sync_page');
  });

  test('acknowledgements are passed on, never beyond what was sent', async () => {
    stored();
    stored();
    client.send('ack', { type: 'ack', through: 2 });
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    client.send('ack', { type: 'ack', through: 1_000_000 });
    const [ack] = await until('the ack has arrived', () => acks().length > 0 && acks());
    expect(ack).toMatchObject({ through: 2, gateway: gateway.id });
    expect(acks()).toHaveLength(1);
  });

  test('sync sends everything behind the hole again', async () => {
    for (let n = 0; n < 3; n++) stored();
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    client.send('sync', { type: 'sync', from: 1 });
    expect((await client.next('sync_page')).items.map(({ delivery }) => delivery.seq)).toEqual([2, 3]);
  });

  test('read marks go to delivery, and other people’s come back', async () => {
    const conversation_id = newConversationId();
    client.send('receipt', { type: 'receipt', conversation_id, read_through: 4 });
    client.send('receipt', { type: 'receipt', conversation_id, read_through: 3 });
    const mine = () =>
      far.acks.filter((ack) => ack.type === 'receipt' && ack.conversation === conversation_id);
    const [mark] = await until('the read mark has arrived', () => mine().length > 0 && mine());
    expect(mark).toMatchObject({ read_through: 4, ...far.enrol(sender.id, sender.device(0)) });
    const marks = [{ conversation_id, user_id: 'bob', delivered_through: 9, read_through: 8 }];
    await far.send(gateway.id, { kind: 'receipts', to: [deviceNumber()], marks });
    expect(await client.next('receipt')).toEqual({ type: 'receipt', ...marks[0] });
  });

  test('a head that is further than what was sent brings a page', async () => {
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    stored();
    await far.send(gateway.id, { kind: 'head', to: [[deviceNumber(), 1]] });
    expect((await client.next('sync_page')).through).toBe(1);
  });

  test('records that make no sense are logged and left out; those behind them arrive', async () => {
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    const body = new Uint8Array(0);
    const nonsense = [
      { kind: 'from the future' },
      { kind: 'deliver' },
      { kind: 'head', to: 7 },
      { kind: 'receipts', to: null, marks: [] },
    ];
    const seq = stored();
    await far.send(gateway.id, ...nonsense.map((head) => ({ head: head as never, body })), {
      kind: 'head',
      to: [[deviceNumber(), seq]],
    });
    expect((await client.next('sync_page')).through).toBe(seq);
    await store.redis.xadd(far.streams.out(gateway.id), '*', 'e', 'rubbish');
    await push(stored());
    expect((await client.next('chat')).delivery.seq).toBe(seq + 1);
    const logged = gateway.log.filter(({ level }) => level === 'error').map(({ msg }) => msg);
    expect(logged.filter((msg) => msg === 'record of the out stream could not be handled')).toHaveLength(3);
    expect(logged).toContain('unreadable entry on the out stream');
    expect(gateway.log.map(({ msg }) => msg)).not.toContain('out stream unreadable; trying again');
  });

  test('another service can end a connection', async () => {
    client.send('chat', chatWith());
    await client.next('ack');
    const connection = far.messages.at(-1)?.head.connection ?? 0;
    await far.send(gateway.id, { kind: 'close', connection, reason: 'authentication_failed' });
    expect((await client.end()).code).toBe(4501);
  });
});

test('with 64 messages unanswered no more are read, and answers let the others through', async () => {
  const withheld: Parameters<typeof storedFor>[0][] = [];
  far.onMessage = (head) => {
    withheld.push(head);
    return undefined;
  };
  const before = far.messages.length;
  const conversationId = newConversationId();
  const chats = Array.from({ length: 80 }, (_, n) =>
    makeChat({
      from: sender,
      device: sender.device(0),
      to: 'bob',
      conversationId,
      clientSeq: n + 1,
      payload: 'x',
    }),
  );
  for (const chat of chats) client.send('chat', chat);
  await until('64 have left', () => far.messages.length - before >= 64);
  // a pause only stops reading the socket: what one read brought is still handled
  expect(far.messages.length - before).toBeLessThanOrEqual(80);
  far.onMessage = storedFor;
  await far.send(gateway.id, ...withheld.splice(0).map(storedFor));
  for (const { id } of chats) await client.next('ack', ({ ref }) => ref === id);
  const seqs = far.messages.slice(before).map(({ head }) => head.type === 'chat' && head.client_seq);
  expect(seqs).toEqual(chats.map(({ client_seq }) => client_seq));
});
