import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { verifySignature } from '@securechat/crypto/sign';
import { CONVERSATION_WINDOW_MS, directoryKeys } from '@securechat/directory';
import type { Downstream } from '@securechat/protocol';
import {
  bob,
  makeChange,
  makeChat,
  makeGroupCreate,
  newConversationId,
  openTestRedis,
  operationTranscript,
  type Person,
  personNamed,
  RawClient,
  someMaterial,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';
import { mostInAny } from '../testing/moments.ts';

const PER_SECOND = 150;
/** More than a minute's group operations of the other tests. */
const PER_DAY = 25;
/** Of all users together; enough to refuse each of six more than a hundred times. */
const OFFERED_PER_SECOND = 500;
const OFFERED = 1300;

let store: TestRedis;
let far: FarServices;
let gateways: TestGateway[];
let people = 0;
const clients: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  const env = {
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_MESSAGES_PER_MINUTE: '1000',
    GATEWAY_GLOBAL_MESSAGES_PER_SECOND: String(PER_SECOND),
    GATEWAY_CONVERSATIONS_PER_DAY: String(PER_DAY),
  };
  gateways = await Promise.all([startGateway(env), startGateway(env)]);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(async () => {
  for (const gateway of gateways ?? []) await gateway.stop();
  await far?.stop();
  await store?.close();
});

const newPerson = (devices = 1): Person => personNamed(`person${++people}`, { devices });

type Answer = Downstream<'ack'> | Downstream<'error'>;
type Session = { client: RawClient; person: Person; index: number; answers: Map<string, Answer> };

async function session(person: Person, where: number, index = 0): Promise<Session> {
  const device = person.device(index);
  far.enrol(person.id, device);
  const client = await RawClient.connect(gateways[where]!.websocket);
  clients.push(client);
  await client.login({ person, device });
  const answers = new Map<string, Answer>();
  client.listen(({ message }) => {
    if (message?.type === 'ack') answers.set(message.ref, message);
    if (message?.type === 'error' && message.reference_id) answers.set(message.reference_id, message);
  });
  return { client, person, index, answers };
}

function sendChat({ client, person, index }: Session): void {
  const conversationId = newConversationId();
  const device = person.device(index);
  client.send(
    'chat',
    makeChat({ from: person, device, to: bob.id, conversationId, clientSeq: 1, payload: 'x' }),
  );
}

function create({ client, person, index }: Session): void {
  client.send('group_create', makeGroupCreate({ creator: person, device: person.device(index), peer: bob }));
}

const allAnswered = (sessions: readonly Session[], count: number) =>
  until(
    'everything is answered',
    () => sessions.reduce((sum, { answers }) => sum + answers.size, 0) >= count,
  );

const hits = async (limit: string): Promise<number> => {
  const counts = await Promise.all(gateways.map((one) => one.metric('limits_hit_total', { limit })));
  return counts.reduce((sum, count) => sum + count, 0);
};

const refusalsOf = ({ answers }: Session): Downstream<'error'>[] =>
  [...answers.values()].flatMap((answer) => (answer.type === 'error' ? [answer] : []));

test('group operations are ten a minute for a user, exactly, however they race on two gateways', async () => {
  const user = newPerson(2);
  const both = [await session(user, 0, 0), await session(user, 1, 1)];
  for (let n = 0; n < 10; n++) for (const one of both) create(one);
  await allAnswered(both, 20);
  const refusals = both.flatMap(refusalsOf);
  expect(refusals).toHaveLength(10);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ error_code: 'RATE_LIMITED', scope: 'group_operations', limit: 10 });
    expect(refusal.retry_after_ms).toBeGreaterThan(50_000);
    expect(refusal.retry_after_ms).toBeLessThanOrEqual(60_001);
  }
  expect(await hits('group_operations_per_minute')).toBe(10);

  // they do not count as the user's messages, and other users have ten of their own
  const other = await session(newPerson(), 0);
  sendChat(both[0]!);
  create(other);
  await allAnswered([...both, other], 22);
  expect([...both, other].flatMap(refusalsOf)).toHaveLength(10);
});

test('conversations that a user begins are so many a day, exactly, on two gateways; a restart is none', async () => {
  const user = newPerson(2);
  const both = [await session(user, 0, 0), await session(user, 1, 1)];
  const { redis, prefix } = store;
  const key = directoryKeys(prefix, 4).conversations(far.enrol(user.id, user.device(0)).user);
  const hour = CONVERSATION_WINDOW_MS / 24;
  const longAgo = Array.from({ length: PER_DAY }, () => Date.now() - CONVERSATION_WINDOW_MS - 1_000);
  const today = Array.from({ length: PER_DAY - 4 }, () => Date.now() - hour);
  await redis.rpush(key, ...longAgo, ...today);

  for (let n = 0; n < 4; n++) for (const one of both) create(one);
  await allAnswered(both, 8);
  const refusals = both.flatMap(refusalsOf);
  expect(refusals).toHaveLength(4);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({
      code: 1004,
      error_code: 'RATE_LIMITED',
      scope: 'conversations',
      limit: PER_DAY,
    });
    expect(refusal.retry_after_ms).toBeGreaterThan(22 * hour);
    expect(refusal.retry_after_ms).toBeLessThanOrEqual(23 * hour);
  }
  expect(await hits('conversations_per_day')).toBe(4);
  expect(await redis.pttl(key)).toBeGreaterThan(23 * hour);

  const [{ client, person, index }] = both as [Session, Session];
  const replaces = { generation: 0, epoch: 0 };
  const again = { signed: { replaces, generation: 1, previous_sha256: Buffer.alloc(32).toString('base64') } };
  client.send(
    'group_create',
    makeGroupCreate({ creator: person, device: person.device(index), peer: bob }, again),
  );
  await allAnswered(both, 9);
  expect(both.flatMap(refusalsOf)).toHaveLength(4);
});

test('leaving, adding and every other operation are counted as one; commits by themselves', async () => {
  const user = newPerson(2);
  const both = [await session(user, 0, 0), await session(user, 1, 1)];
  const standing = { id: newConversationId(), generation: 0, epoch: 0, head: undefined };
  const devices = { added_devices: [bob.device(0).address], welcome_to: [bob.device(0).address] };
  const material = { commit: someMaterial(), welcome: someMaterial() };
  const gone = { removed_devices: [bob.device(0).address] };
  for (let round = 0; round < 3; round += 1) {
    const { client, person, index } = both[round % 2]!;
    const by = { from: person, device: person.device(index), standing };
    const targets = [bob.id];
    client.send(
      'group_member_add',
      makeChange('group_member_add', { ...by, targets, ...devices, ...material }),
    );
    client.send('group_leave', makeChange('group_leave', { ...by, ...gone }));
    client.send('group_update', makeChange('group_update', { ...by, targets, role: 'admin' }));
    const removal = { ...by, targets, ...gone, commit: material.commit };
    client.send('group_member_remove', makeChange('group_member_remove', removal));
    const nobody = { added_devices: [], removed_devices: [], welcome_to: [], commit: material.commit };
    client.send('group_commit', makeChange('group_commit', { ...by, ...nobody }));
  }
  await allAnswered(both, 15);
  expect(both.flatMap(refusalsOf).map(({ scope }) => scope)).toEqual([
    'group_operations',
    'group_operations',
  ]);

  // added devices get the welcome and the commit's hash, the others the commit and the welcome's hash, under one
  // signature
  const passed = far.messages.find(({ head }) => head.type === 'group_member_add');
  const { welcome_at: at } = passed!.head as { welcome_at: number };
  const forms = [passed!.body.subarray(0, at), passed!.body.subarray(at)].map(
    (form) => JSON.parse(Buffer.from(form).toString()) as Parameters<typeof operationTranscript>[0],
  );
  expect(forms[0]).toMatchObject({ commit: material.commit, welcome_sha256: expect.any(String) });
  expect(forms[0]).not.toHaveProperty('welcome');
  expect(forms[1]).toMatchObject({ welcome: material.welcome, commit_sha256: expect.any(String) });
  expect(forms[1]).not.toHaveProperty('commit');
  for (const form of forms) {
    const { device_id, signature } = form as typeof form & { signature: string };
    const key = user.devices.find(({ id }) => id === device_id)!.key.publicKey;
    expect(verifySignature(key, operationTranscript(form), Buffer.from(signature, 'base64'))).toBe(true);
  }
});

test('all users together never send more than the global limit in any second, over two gateways', async () => {
  const sessions = await Promise.all([0, 1, 0, 1, 0, 1].map((where) => session(newPerson(), where)));
  const before = far.messages.length;
  const startedAt = Date.now();
  let sent = 0;
  for (; sent < OFFERED; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const due = Math.min(OFFERED, Math.floor(((Date.now() - startedAt) / 1000) * OFFERED_PER_SECOND));
    for (; sent < due; sent++) sendChat(sessions[sent % sessions.length]!);
  }
  await allAnswered(sessions, sent);
  const moments = far.messages.slice(before).map(({ head }) => head.at);
  // the recorded time is when the signature was verified, slightly after the limit let it through
  expect(mostInAny(950, moments)).toBeLessThanOrEqual(PER_SECOND);
  const inSecondAndThird = moments.filter((at) => at >= startedAt + 1000 && at < startedAt + 2500).length;
  // with slow answers leases are longer, and a window holds fewer of them
  expect(inSecondAndThird).toBeGreaterThan(0.4 * 1.5 * PER_SECOND);

  const refusals = sessions.flatMap(refusalsOf);
  expect(refusals).toHaveLength(sent - moments.length);
  // more than a hundred per connection, and nobody is blamed for it
  expect(refusals.length).toBeGreaterThan(100 * sessions.length);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ code: 1004, scope: 'global', limit: PER_SECOND });
    expect(refusal.retry_after_ms).toBeGreaterThanOrEqual(500);
  }
  expect(sessions.map(({ client }) => client.isOpen)).toEqual(Array(6).fill(true));
  expect(await hits('messages_per_second')).toBe(refusals.length);
});
