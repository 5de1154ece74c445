import { describe, expect } from '@jest/globals';
import type { Alarm } from '@securechat/client';
import { tcpTransport } from '@securechat/client/node';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import { groupOpTranscript } from '@securechat/protocol';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type Item, useEvilServers } from './support/evil-server.ts';
import { type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);
const evilServer = useEvilServers(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const alarmsOf = ({ alarms }: TestDevice): Alarm['type'][] => alarms.map(({ type }) => type);
const isText = (item: Item): boolean => item.type === 'chat';

/** Alice at an honest server, Bob at an evil one, and their conversation with a first message. */
async function pair() {
  const server = await evilServer();
  const alice = await devices.signUp('alice');
  const bob = await devices.signUp('bob', { socket: server.url, transport: tcpTransport() });
  const chat = await alice.client.direct(idOf(bob));
  await chat.send('first');
  await until('Bob has it', () => texts(bob.seen).includes('first'));
  const theirs = bob.client.conversation(chat.id)!;
  // keys of his own, so that what follows is not mixed with a commit
  await theirs.send('first answer');
  await until('Alice has it', () => texts(alice.seen).includes('first answer'));
  return { server, alice, bob, chat, theirs };
}

const all = async (device: TestDevice, id: string) => texts(await device.client.conversation(id)!.messages());
const fix = (item: Item, fields: Record<string, unknown>): Item => ({ ...item, ...fields });

describe('an evil server', () => {
  test('that shows a message twice is noticed, and the message stands there once', async () => {
    const { server, alice, bob, chat } = await pair();
    server.rewrite = (item) => (isText(item) ? [item, item] : [item]);
    await chat.send('second');
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(alarmsOf(bob)).toEqual(['replay']);
    expect(await all(bob, chat.id)).toEqual(['first', 'first answer', 'second']);
    expect(alice.alarms).toEqual([]);
  });

  test('that shows an old message once more as a new one is noticed', async () => {
    const { server, bob, chat } = await pair();
    let old: Item | undefined;
    server.rewrite = (item) => {
      old ??= item;
      return item === old ? [item] : [item, fix(old, { delivery: item.delivery })];
    };
    await chat.send('second');
    await chat.send('third');
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(new Set(alarmsOf(bob))).toEqual(new Set(['replay']));
    expect(await all(bob, chat.id)).toEqual(['first', 'first answer', 'second', 'third']);
  });

  test('that withholds a message is noticed with the next one, and its sender is asked for what is missing', async () => {
    const { server, bob, chat } = await pair();
    let isFirst = true;
    server.rewrite = (item) => {
      if (!isText(item) || !isFirst) return [item];
      isFirst = false;
      return [];
    };
    await chat.send('withheld');
    await chat.send('shown');
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(alarmsOf(bob)).toEqual(['gap']);
    await until('it is repaired', async () => (await all(bob, chat.id)).includes('withheld'), 20_000);
    expect(await all(bob, chat.id)).toEqual(['first', 'first answer', 'withheld', 'shown']);
    expect(bob.client.stats).toMatchObject({ repairsAsked: 1, repaired: 1 });
  });

  test('that withholds a message until somebody has joined cannot have it told to whom it was not for', async () => {
    const { server, alice, bob } = await pair();
    const group = await alice.client.createGroup({ members: [idOf(bob)] });
    const theirs = await until('Bob is in', () => bob.client.conversation(group.id));
    await group.send('for both');
    await until('Bob has it', () => texts(bob.seen).includes('for both'));
    server.rewrite = (item) => {
      if (!isText(item)) return [item];
      server.rewrite = (other) => [other];
      return [];
    };
    await group.send('for Bob alone');
    await until('it is stored', async () => (await group.messages()).at(-1)?.status === 'stored');
    const carol = await devices.signUp('carol');
    await group.add([idOf(carol)]);
    await group.send('for all');
    await until('Carol has it', () => texts(carol.seen).includes('for all'));
    const hole = async () => (await theirs.messages()).find(({ body }) => body.type === 'missing')?.body;
    await until('Bob sees the hole', hole);
    await until(
      'nobody is asked any more',
      async () => ((await hole()) as { isRepairing: boolean }).isRepairing === false,
      20_000,
    );
    expect(texts(await theirs.messages())).toEqual(['for both', 'for all']);
    expect(texts(await carol.client.conversation(group.id)!.messages())).toEqual(['for all']);
    expect(alice.client.stats).toMatchObject({ repairsAnswered: 1 });
  });

  test('that shows messages in another order is noticed, and both are there in the end', async () => {
    const { server, bob, chat } = await pair();
    let held: Item | undefined;
    server.rewrite = (item) => {
      if (!isText(item)) return [item];
      if (held === undefined) {
        held = item;
        return [];
      }
      server.rewrite = (other) => [other];
      return [item, held];
    };
    await chat.send('one');
    await chat.send('two');
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(alarmsOf(bob)).toContain('gap');
    await until('it is repaired', async () => (await all(bob, chat.id)).includes('one'), 20_000);
    expect((await all(bob, chat.id)).sort()).toEqual(['first', 'first answer', 'one', 'two'].sort());
  });

  const changes: [string, (item: Item, bob: string) => Item][] = [
    ['whose words they are', (item: Item, bob: string) => fix(item, { from: bob })],
    ['the time', (item: Item) => fix(item, { timestamp: (item.timestamp as number) - 60 })],
    ['the ciphertext', (item: Item) => fix(item, { payload: `AAAA${(item.payload as string).slice(4)}` })],
    ['the signature', (item: Item) => fix(item, { signature: `AAAA${(item.signature as string).slice(4)}` })],
    ['the number', (item: Item) => fix(item, { client_seq: (item.client_seq as number) + 1 })],
  ];
  for (const [what, change] of changes)
    test(`that changes ${what} is noticed, and nothing is shown`, async () => {
      const { server, bob, chat } = await pair();
      server.rewrite = (item) => [isText(item) ? change(item, idOf(bob)) : item];
      await chat.send('second');
      await until('there is an alarm', () => bob.alarms.length > 0);
      expect(alarmsOf(bob)).toEqual(['bad-signature']);
      expect(await all(bob, chat.id)).toEqual(['first', 'first answer']);
    });

  test('that exchanges the ciphertexts of two messages is noticed', async () => {
    const { server, bob, chat } = await pair();
    let held: Item | undefined;
    server.rewrite = (item) => {
      if (!isText(item)) return [item];
      if (held === undefined) {
        held = item;
        return [];
      }
      return [fix(held, { payload: item.payload }), fix(item, { payload: held.payload })];
    };
    await chat.send('one');
    await chat.send('two');
    await until('there are alarms', () => bob.alarms.length >= 2);
    expect(alarmsOf(bob)).toEqual(['bad-signature', 'bad-signature']);
    expect(await all(bob, chat.id)).toEqual(['first', 'first answer']);
  });

  test('that shows other keys for somebody who is known is noticed, and nothing is sent', async () => {
    const { server, alice, bob, chat, theirs } = await pair();
    const impostor = await devices.signUp('impostor');
    server.answer = (message) =>
      message.type === 'device_list' && message.user_id === idOf(alice)
        ? { ...message, ...listOf(impostor), user_id: idOf(alice) }
        : message;
    await expect(bob.client.identity(idOf(alice))).rejects.toMatchObject({ name: 'DeviceListRefused' });
    server.answer = (message) => message;
    await theirs.send('still to Alice alone');
    await until('Alice has it', () => texts(alice.seen).includes('still to Alice alone'));
    expect(chat.memberIds).toEqual([idOf(alice), idOf(bob)].sort());
  });
});

/** What the server holds of somebody, from the pins of its own device. */
function listOf(device: TestDevice): Record<string, unknown> {
  const bytes = device.disk.get(`pins/${idOf(device)}`)!;
  return (JSON.parse(new TextDecoder().decode(bytes)) as { list: Record<string, unknown> }).list;
}

describe('an evil server in a group', () => {
  /** Alice owns it; Bob, at the evil server, and Mallory are members. */
  async function group() {
    const server = await evilServer();
    const alice = await devices.signUp('alice');
    const bob = await devices.signUp('bob', { socket: server.url, transport: tcpTransport() });
    const mallory = await devices.signUp('mallory');
    const chat = await alice.client.createGroup({ name: 'us', members: [idOf(bob), idOf(mallory)] });
    for (const each of [bob, mallory]) await until('it is in', () => each.client.conversation(chat.id));
    await chat.send('first');
    await until('Bob has it', () => texts(bob.seen).includes('first'));
    return { server, alice, bob, mallory, chat };
  }

  /** An operation that a member's own device really signs, and no honest server would take. */
  function forge(by: TestDevice, id: string, fields: Record<string, unknown>): Item {
    const read = (key: string) =>
      JSON.parse(new TextDecoder().decode(by.disk.get(key)!)) as Record<string, never>;
    const { log } = read(`conversation/${id}`) as unknown as {
      log: { head: string; epoch: number; generation: number };
    };
    const { secretKey } = read('account') as unknown as { secretKey: string };
    const operation = {
      ...{ id: 'm_forged_0123456789', conversation_id: id, generation: log.generation, epoch: log.epoch },
      ...{ from: idOf(by), device_id: by.client.me.deviceId, timestamp: Math.floor(Date.now() / 1000) },
      ...{ nonce: Buffer.alloc(16).toString('base64'), previous_sha256: log.head, ...fields },
    };
    const signed = groupOpTranscript(operation as never, {});
    const signature = signingKeyFromSeed(Buffer.from(secretKey, 'base64')).sign(signed).toString('base64');
    return {
      ...operation,
      signature,
      delivery: { seq: 0, conv_seq: 50, server_ts_ms: Date.now() },
    } as unknown as Item;
  }

  async function injected(parts: Awaited<ReturnType<typeof group>>, item: Item): Promise<void> {
    const { server, bob, chat } = parts;
    server.rewrite = (other) => {
      server.rewrite = (later) => [later];
      return [item, other];
    };
    await chat.send('after it');
    await until('there is an alarm', () => bob.alarms.length > 0);
  }

  test('cannot let a member take a role that nobody gave', async () => {
    const parts = await group();
    const { bob, mallory, chat } = parts;
    await injected(
      parts,
      forge(mallory, chat.id, { type: 'group_update', targets: [idOf(mallory)], role: 'owner' }),
    );
    expect(alarmsOf(bob)).toEqual(['forbidden']);
    const roles = bob.client
      .conversation(chat.id)!
      .members()
      .map(({ userId, role }) => [userId, role]);
    expect(roles).toContainEqual([idOf(mallory), 'member']);
  });

  test('cannot add a ghost: neither by a member without the right, nor by nobody', async () => {
    const parts = await group();
    const { bob, mallory, chat } = parts;
    const ghost = {
      type: 'group_member_add',
      targets: ['ghost'],
      added_devices: ['ghost:1'],
      welcome_to: ['ghost:1'],
    };
    await injected(parts, forge(mallory, chat.id, { ...ghost, commit: 'AAAA', welcome: 'AAAA' }));
    // commit and welcome are signed by their hashes, which are not those of the forged ones
    expect(alarmsOf(bob)).toEqual(['bad-signature']);
    expect(bob.client.conversation(chat.id)!.memberIds).not.toContain('ghost');
  });

  test('that withholds an operation is noticed by the next message', async () => {
    const { server, bob, chat } = await group();
    server.rewrite = (item) => (item.type === 'group_update' ? [] : [item]);
    await chat.rename('another name');
    await chat.send('after it');
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(alarmsOf(bob)).toContain('fork');
  });

  test('that exchanges a commit is noticed, and Bob stays where he was', async () => {
    const { server, bob, mallory, chat } = await group();
    server.rewrite = (item) =>
      'commit' in item ? [fix(item, { commit: Buffer.from('another one').toString('base64') })] : [item];
    await chat.remove(idOf(mallory));
    await until('there is an alarm', () => bob.alarms.length > 0);
    expect(alarmsOf(bob)).toEqual(['bad-signature']);
    expect(bob.client.conversation(chat.id)!.memberIds).toContain(idOf(mallory));
  });

  test('that would let a message go to who has left sees a commit first', async () => {
    const { server, bob, mallory, chat } = await group();
    await mallory.client.conversation(chat.id)!.leave();
    await until('Bob knows', () => !bob.client.conversation(chat.id)!.memberIds.includes(idOf(mallory)));
    const before = server.sent.length;
    await bob.client.conversation(chat.id)!.send('without Mallory');
    await until('it is sent', () => server.sent.slice(before).some(({ type }) => type === 'chat'));
    const types = server.sent.slice(before).map(({ type }) => type);
    expect(types.indexOf('group_commit')).toBeLessThan(types.indexOf('chat'));
    expect(types).toContain('group_commit');
    const commit = server.sent.find(({ type }) => type === 'group_commit') as { removed_devices: string[] };
    expect(commit.removed_devices).toEqual([`${idOf(mallory)}:${mallory.client.me.deviceId}`]);
  });
});
