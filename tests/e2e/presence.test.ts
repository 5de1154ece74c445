import { randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import { transcript, type Upstream } from '@securechat/protocol';
import {
  connectRedis,
  keysOf,
  newMessageId,
  type Person,
  type RawClient,
  rowsOf,
  until,
} from '@securechat/testkit';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({
  gateways: 2,
  deliveries: 1,
  presences: 2,
  env: { presence: { PRESENCE_LAST_SEEN_EVERY_MS: '200' } },
});
const { test } = stack;

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

async function watch(client: RawClient, ...people: (Person | string)[]) {
  const user_ids = people.map((person) => (typeof person === 'string' ? person : person.id));
  client.send('presence_subscribe', { type: 'presence_subscribe', id: 'watch', user_ids });
  return (await client.next('presence_subscribe')).states;
}

const beStatus = (client: RawClient, status: 'online' | 'away' | 'busy' | 'offline'): void =>
  client.send('presence', { type: 'presence', status });

/** What comes next of this user. */
const nextOf = async (client: RawClient, person: Person): Promise<string> =>
  (await client.next('presence', ({ user_id }) => user_id === person.id)).status;

/** Everything that was sent to presence before has been dealt with: it also answers a question behind it. */
async function settled(client: RawClient): Promise<void> {
  client.send('presence_privacy', { type: 'presence_privacy', id: 'settle' });
  await client.next('presence_privacy');
}

/** Alice and Bob, who have talked, each with a raw connection of the second device at another gateway. */
async function openTalkers() {
  const pair = await openPair(stack);
  await pair.alices.sendChat(pair.conversation, 'hello');
  await pair.bobs.sendChat({ id: pair.conversation.id, peer: pair.alice.id }, 'hello');
  const alice = await stack.login(pair.alice, { device: 1, where: 0 });
  const bob = await stack.login(pair.bob, { device: 1, where: 1 });
  return { ...pair, asAlice: alice.client, asBob: bob.client };
}

describe('that somebody writes', () => {
  test('is told to the others at once, and for five seconds at most', async () => {
    const { alice, asAlice, asBob, conversation } = await openTalkers();
    const before = nowSeconds();
    const typing = { type: 'typing', chat_id: conversation.id, typing: true } as const;
    asAlice.send('typing', { ...typing, expires_at: before + 3_600 });
    const told = await asBob.next('typing');
    expect(told).toEqual({ ...typing, user_id: alice.id, expires_at: expect.any(Number) });
    expect(told.expires_at).toBeGreaterThan(before);
    expect(told.expires_at).toBeLessThanOrEqual(nowSeconds() + 5);
    expect(asAlice.queue.filter(({ name }) => name === 'typing')).toEqual([]);
  });

  test('is not told to who is not in the conversation, nor of who is not', async () => {
    const { alice, asAlice, asBob, conversation } = await openTalkers();
    const mallory = await stack.person('mallory', { devices: 1 });
    const { client } = await stack.login(mallory, { where: 1 });
    const typing = { type: 'typing', chat_id: conversation.id, expires_at: nowSeconds() + 5 } as const;
    client.send('typing', { ...typing, typing: true });
    asAlice.send('typing', { ...typing, typing: false });
    expect(await asBob.next('typing')).toMatchObject({ user_id: alice.id, typing: false });
    expect([client, asBob].flatMap(({ queue }) => queue.filter(({ name }) => name === 'typing'))).toEqual([]);

    asBob.send('block', { type: 'block', id: 'block', user_id: alice.id });
    await asBob.next('block');
    asAlice.send('typing', { ...typing, typing: true });
    asBob.send('typing', { ...typing, typing: true });
    await settled(asBob);
    await settled(asAlice);
    expect([asAlice, asBob].flatMap(({ queue }) => queue.filter(({ name }) => name === 'typing'))).toEqual(
      [],
    );
  });
});

const LAST_SEEN = `SELECT extract(epoch FROM seen_at)::int AS seconds FROM presence.last_seen
   WHERE user_id = (SELECT id FROM auth.users WHERE ext_id = $1)`;

describe('people who have talked', () => {
  test('see each other come, change and go, over gateways and processes', async () => {
    const { alice, bob, asAlice, asBob } = await openTalkers();
    expect(await watch(asBob, alice)).toEqual([{ user_id: alice.id, status: 'offline' }]);
    beStatus(asAlice, 'online');
    expect(await nextOf(asBob, alice)).toBe('online');
    beStatus(asAlice, 'busy');
    expect(await nextOf(asBob, alice)).toBe('busy');

    beStatus(asBob, 'away');
    await until('Alice sees Bob', async () => (await watch(asAlice, bob))[0]?.status === 'away');

    asAlice.close();
    expect(await nextOf(asBob, alice)).toBe('offline');
    const [state] = await watch(asBob, alice);
    const { last_seen = 1 } = state ?? {};
    expect(state).toEqual({ user_id: alice.id, status: 'offline', last_seen });
    expect(last_seen % 3600).toBe(0);
    expect(nowSeconds() - last_seen).toBeLessThan(2 * 3600);
    const { postgresUrl } = stack.constellation.stores;
    await until('it is in Postgres', async () => {
      const rows = await rowsOf(postgresUrl, LAST_SEEN, [alice.id]);
      return rows.length > 0;
    });
    expect((await watch(asBob, alice))[0]?.last_seen).toBe(last_seen);
    // and nothing more exact
    expect(await rowsOf(postgresUrl, LAST_SEEN, [alice.id])).toEqual([{ seconds: last_seen }]);
  });

  test('see nothing across a block, which takes effect at once and looks like being away', async () => {
    const { alice, bob, asAlice, asBob } = await openTalkers();
    beStatus(asAlice, 'online');
    beStatus(asBob, 'online');
    // whoever looked before would be told of it, and the next that Bob is told is to be the block
    await Promise.all([settled(asAlice), settled(asBob)]);
    await until('Bob sees Alice', async () => (await watch(asBob, alice))[0]?.status === 'online');
    asAlice.send('block', { type: 'block', id: 'block', user_id: bob.id });
    await asAlice.next('block');
    expect(await nextOf(asBob, alice)).toBe('offline');
    expect(await watch(asBob, alice)).toEqual([{ user_id: alice.id, status: 'offline' }]);
    expect(await watch(asAlice, bob)).toEqual([{ user_id: bob.id, status: 'offline' }]);

    asAlice.send('unblock', { type: 'unblock', id: 'unblock', user_id: bob.id });
    await asAlice.next('unblock');
    expect(await watch(asBob, alice)).toEqual([{ user_id: alice.id, status: 'online' }]);
  });

  test('see what the other lets them see', async () => {
    const { alice, bob, asAlice, asBob } = await openTalkers();
    const set = async (changes: { status_to?: 'nobody' | 'direct'; last_seen?: 'hidden' }) => {
      asAlice.send('presence_privacy', { type: 'presence_privacy', id: 'privacy', ...changes });
      return await asAlice.next('presence_privacy');
    };
    beStatus(asAlice, 'online');
    await until('Bob sees Alice', async () => (await watch(asBob, alice))[0]?.status === 'online');
    expect(await set({ status_to: 'nobody' })).toMatchObject({ status_to: 'nobody', last_seen: 'hour' });
    expect(await nextOf(asBob, alice)).toBe('offline');
    expect(await set({ status_to: 'direct', last_seen: 'hidden' })).toMatchObject({ last_seen: 'hidden' });
    await until('Bob sees Alice again', async () => (await watch(asBob, alice))[0]?.status === 'online');
    beStatus(asAlice, 'offline');
    expect(await nextOf(asBob, alice)).toBe('offline');
    expect(await watch(asBob, alice)).toEqual([{ user_id: alice.id, status: 'offline' }]);
    // after the turn in which it would have been written, the time is nowhere
    const { postgresUrl } = stack.constellation.stores;
    beStatus(asBob, 'online');
    await until('Alice sees Bob', async () => (await watch(asAlice, bob))[0]?.status === 'online');
    asBob.close();
    await until('the time of Bob is in Postgres', async () => {
      return (await rowsOf(postgresUrl, LAST_SEEN, [bob.id])).length > 0;
    });
    expect(await rowsOf(postgresUrl, LAST_SEEN, [alice.id])).toEqual([]);
  });
});

test('a stranger, and who was only written to, sees nothing, whether or not there is somebody', async () => {
  const { alice, asAlice, asBob } = await openTalkers();
  beStatus(asAlice, 'online');
  await until('Bob sees Alice', async () => (await watch(asBob, alice))[0]?.status === 'online');
  const mallory = await stack.person('mallory', { devices: 2 });
  const mallorys = await stack.open(mallory, { where: 1 });
  const conversation = await mallorys.groups.createDirect(alice);
  await mallorys.sendChat(conversation, 'you do not know me');
  const { client } = await stack.login(mallory, { device: 1, where: 1 });
  expect(await watch(client, alice, 'nobody')).toEqual([
    { user_id: alice.id, status: 'offline' },
    { user_id: 'nobody', status: 'offline' },
  ]);
  beStatus(asAlice, 'busy');
  expect(await nextOf(asBob, alice)).toBe('busy');
  await settled(client);
  expect(client.queue.filter(({ name }) => name === 'presence')).toEqual([]);
});

test('of what was told of people nothing stays in a stream, and of who wrote nothing in Postgres', async () => {
  const { asAlice, asBob, conversation } = await openTalkers();
  const typing = { type: 'typing', chat_id: conversation.id, typing: true } as const;
  asAlice.send('typing', { ...typing, expires_at: nowSeconds() + 5 });
  await asBob.next('typing');
  const { streamPrefix, stores } = stack.constellation;
  const { redis, close } = await connectRedis(stores.redisUrl);
  const streamsWithTyping = async (): Promise<string[]> => {
    const streams = (await keysOf(redis, `${streamPrefix}:*`)).filter((key) => /:(presence|out)$/.test(key));
    const entries = await Promise.all(streams.map((stream) => redis.xrange(stream, '-', '+')));
    const hasTyping = (index: number): boolean =>
      entries[index]?.some(([, fields]) => fields.join().includes('"typing"')) === true;
    return streams.filter((_, index) => hasTyping(index));
  };
  await until('no stream holds it any more', async () => (await streamsWithTyping()).length === 0, 30_000);
  close();
  const tables = await rowsOf<{ name: string }>(
    stores.postgresUrl,
    `SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema IN ('auth', 'delivery', 'presence') AND column_name LIKE '%typing%'`,
  );
  expect(tables).toEqual([]);
});

describe('signalling', () => {
  type SignalName = 'p2p_offer' | 'p2p_answer' | 'p2p_candidate' | 'p2p_bye';
  type Caller = { client: RawClient; person: Person; device: number };

  function signal<N extends SignalName>(from: Caller, type: N, changes: object): Upstream<N> {
    const fields = {
      ...{ type, id: newMessageId(), from: from.person.id, device_id: from.person.device(from.device).id },
      ...{ epoch: 1, generation: 0, session_id: 'call', timestamp: nowSeconds() },
      ...{ nonce: randomBytes(16).toString('base64'), payload: randomBytes(40).toString('base64') },
      ...changes,
    };
    const signature = from.person.device(from.device).key.sign(transcript('p2p', fields)).toString('base64');
    return { ...fields, signature } as unknown as Upstream<N>;
  }

  const refusal = async ({ client }: Caller): Promise<string> => (await client.next('error')).error_code;
  const signalsOf = ({ client }: Caller): unknown[] =>
    client.queue.filter(({ name }) => name?.startsWith('p2p_')).map(({ name }) => name);

  test('goes to all who are called, then between the two that have agreed, as it was signed; nothing of it is kept', async () => {
    const { alice, bob, alices, conversation, asAlice, asBob } = await openTalkers();
    const caller: Caller = { client: asAlice, person: alice, device: 1 };
    const callee: Caller = { client: asBob, person: bob, device: 1 };
    await alices.close();
    const { client } = await stack.login(alice, { device: 0, where: 1 });
    const place = { to: bob.id, conversation_id: conversation.id };
    const back = { to: alice.id, conversation_id: conversation.id, to_device: alice.device(1).id };

    caller.client.send('p2p_candidate', signal(caller, 'p2p_candidate', { ...place, to_device: 'phone' }));
    expect(await refusal(caller)).toBe('SESSION_TAKEN');
    const offer = signal(caller, 'p2p_offer', place);
    caller.client.send('p2p_offer', offer);
    expect(await callee.client.next('p2p_offer')).toEqual(offer);
    const answer = signal(callee, 'p2p_answer', back);
    callee.client.send('p2p_answer', answer);
    expect(await caller.client.next('p2p_answer')).toEqual(answer);
    const candidate = signal(caller, 'p2p_candidate', { ...place, to_device: bob.device(1).id });
    caller.client.send('p2p_candidate', candidate);
    expect(await callee.client.next('p2p_candidate')).toEqual(candidate);
    caller.client.send('p2p_bye', signal(caller, 'p2p_bye', { ...place, to_device: bob.device(1).id }));
    await callee.client.next('p2p_bye');
    await client.next('p2p_bye');
    expect(signalsOf({ ...caller, client })).toEqual([]);
  });

  test('is refused from who was never answered, across a block, and with another’s signature', async () => {
    const { alice, bob, conversation, asAlice, asBob } = await openTalkers();
    const caller: Caller = { client: asAlice, person: alice, device: 1 };
    const mallory = await stack.person('mallory', { devices: 2 });
    const mallorys = await stack.open(mallory, { where: 1 });
    const theirs = await mallorys.groups.createDirect(alice);
    await mallorys.sendChat(theirs, 'you do not know me');
    const stranger: Caller = {
      ...{ client: (await stack.login(mallory, { device: 1, where: 1 })).client, person: mallory, device: 1 },
    };
    const offers = [
      { to: alice.id, conversation_id: theirs.id },
      { to: 'nobody', conversation_id: theirs.id },
      { to: bob.id, conversation_id: conversation.id },
    ];
    for (const place of offers) {
      stranger.client.send('p2p_offer', signal(stranger, 'p2p_offer', place));
      expect(await refusal(stranger)).toBe('PERMISSION_DENIED');
    }
    const place = { to: bob.id, conversation_id: conversation.id };
    caller.client.send('p2p_offer', { ...signal(caller, 'p2p_offer', place), session_id: 'another' });
    expect(await refusal(caller)).toBe('INVALID_SIGNATURE');
    asBob.send('block', { type: 'block', id: 'block', user_id: alice.id });
    await asBob.next('block');
    caller.client.send('p2p_offer', signal(caller, 'p2p_offer', place));
    expect(await refusal(caller)).toBe('PERMISSION_DENIED');
    expect(signalsOf({ client: asBob, person: bob, device: 1 })).toEqual([]);
  });
});

test('without a TURN server there are no credentials, and the answer says so', async () => {
  const { client } = await stack.login(await stack.person('alice', { devices: 1 }));
  client.send('turn_credentials', { type: 'turn_credentials', id: 'turn' });
  expect(await client.next('turn_credentials')).toMatchObject({ ref: 'turn', urls: [], password: '' });
});
