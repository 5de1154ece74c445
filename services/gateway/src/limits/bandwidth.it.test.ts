import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  bob,
  type Chat,
  makeChat,
  newConversationId,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices, storedFor } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';

/** Half a megabyte at once, then half a megabyte per second. */
const PER_MINUTE = 30_000_000;
const SECONDS_WORTH = PER_MINUTE / 60;

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
let people = 0;
const clients: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
});
beforeEach(async () => {
  gateway = await startGateway({
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_MESSAGES_PER_MINUTE: '10000',
    GATEWAY_BANDWIDTH_PER_MINUTE: String(PER_MINUTE),
  });
});
afterEach(async () => {
  far.onMessage = storedFor;
  for (const client of clients.splice(0)) client.destroy();
  await gateway.stop();
});
afterAll(async () => {
  await far?.stop();
  await store?.close();
});

async function session(person: Person): Promise<RawClient> {
  far.enrol(person.id, person.device(0));
  const client = await RawClient.connect(gateway.websocket);
  clients.push(client);
  await client.login({ person, device: person.device(0) });
  return client;
}

const newPerson = (): Person => personNamed(`person${++people}`, { devices: 1 });
const chatBy = (from: Person, payload: Buffer): Chat =>
  makeChat({
    from,
    device: from.device(0),
    to: bob.id,
    conversationId: newConversationId(),
    clientSeq: 1,
    payload,
  });
const timesEmpty = () => gateway.metric('limits_hit_total', { limit: 'bandwidth_per_minute' });

test('clients that send too much are read more slowly; everything arrives, and answers go on', async () => {
  const [busy, waiting] = [newPerson(), newPerson()];
  const [sender, other] = [await session(busy), await session(waiting)];
  // its answer will come when nothing is left
  far.onMessage = () => undefined;
  const early = chatBy(waiting, Buffer.from('early'));
  other.send('chat', early);
  const head = await until('it has reached delivery', () => far.messages.at(-1)?.head);
  far.onMessage = storedFor;

  const before = far.messages.length;
  const chats = Array.from({ length: 60 }, () => chatBy(busy, Buffer.alloc(24_000, 1)));
  const bytes = chats.reduce((sum, chat) => sum + JSON.stringify(chat).length, 0);
  const startedAt = performance.now();
  for (const chat of chats) sender.send('chat', chat);
  await until('nothing is left', async () => (await timesEmpty()) > 0);
  await far.send(gateway.id, storedFor(head));
  await other.next('ack', ({ ref }) => ref === early.id);
  expect(far.messages.length - before).toBeLessThan(chats.length / 2);

  for (const _ of chats) await sender.next('ack');
  const took = performance.now() - startedAt;
  // a second's worth at once; and reads come in chunks
  expect(took).toBeGreaterThan(1000 * (bytes / SECONDS_WORTH - 1.5));
  expect(far.messages.slice(before).map(({ head: { id } }) => id)).toEqual(
    expect.arrayContaining(chats.map(({ id }) => id)),
  );
  expect(far.messages).toHaveLength(before + chats.length);
});

test('nobody who is logged in waits for what strangers send', async () => {
  const client = await session(newPerson());
  const message = Buffer.alloc(300_000);
  const strangers = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(gateway.websocket)));
  clients.push(...strangers);
  for (const stranger of strangers) stranger.sendFrame(message);
  for (const stranger of strangers) await stranger.end();
  client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
  await client.next('pong');
  expect(await timesEmpty()).toBe(0);
  await until(
    'they are counted',
    async () => (await gateway.metric('bytes_total', { direction: 'received' })) >= 10 * message.length,
  );
});

test('a mailbox that is too much comes more slowly, as pages, in order and whole', async () => {
  const reader = newPerson();
  const client = await session(reader);
  const { device } = far.enrol(reader.id, reader.device(0));
  const bodies = Array.from({ length: 120 }, (_, n) =>
    Buffer.from(JSON.stringify({ ...chatBy(bob, Buffer.alloc(8_000, n)), n })),
  );
  for (const body of bodies) far.store(device, { type: 'chat', body });
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const startedAt = performance.now();
  client.send('resume', { type: 'resume', cursor: 0 });
  const seqs: number[] = [];
  while (seqs.length < bodies.length) {
    const message = await client.nextOf(['sync_page', 'chat']);
    const items = message.type === 'sync_page' ? message.items : [message];
    seqs.push(...items.map(({ delivery }) => delivery.seq));
    client.send('ack', { type: 'ack', through: seqs.at(-1) ?? 1 });
  }
  expect(seqs).toEqual(bodies.map((_, index) => index + 1));
  expect(await timesEmpty()).toBeGreaterThan(0);

  // a push while the debt is being paid back
  const body = Buffer.from(JSON.stringify(chatBy(bob, Buffer.from('pushed'))));
  const seq = far.store(device, { type: 'chat', body });
  const push = { kind: 'deliver', type: 'chat', conv_seq: seq, at: 1, received_at: Date.now() } as const;
  await far.send(gateway.id, { head: { ...push, to: [[device, seq]] }, body });
  const last = await client.nextOf(['sync_page', 'chat']);
  expect(
    last.type === 'sync_page' ? last.items.map(({ delivery }) => delivery.seq) : [last.delivery.seq],
  ).toEqual([seq]);
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThan(1000 * (bytes / SECONDS_WORTH - 1.5));
  await until(
    'the bytes are counted',
    async () => (await gateway.metric('bytes_total', { direction: 'sent' })) >= bytes,
  );
});
