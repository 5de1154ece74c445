import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { tcpTransport } from '@securechat/client/node';
import { PADDING_CLASSES } from '@securechat/protocol';
import { rowsOf, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useEvilServers } from './support/evil-server.ts';
import { openFickleDoor } from './support/fickle-door.ts';
import { type Options, type TestDevice, texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1, deliveries: 1 });
const { test } = stack;
const devices = useDevices(stack);
const wiretap = useEvilServers(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;

/** Alice, with whoever reads what she sends, in a conversation with Bob. */
async function overheard(options: Options = {}) {
  const server = await wiretap();
  const bob = await devices.signUp('bob');
  const alice = await devices.signUp('alice', {
    ...{ socket: server.url, transport: tcpTransport() },
    ...options,
  });
  const chat = await alice.client.direct(idOf(bob));
  await until('Bob is in', () => bob.client.conversation(chat.id));
  const chats = () => server.sent.filter(({ type }) => type === 'chat');
  return { alice, bob, chat, chats };
}

const bytesOf = ({ payload }: Record<string, unknown>): number =>
  Buffer.from(payload as string, 'base64').length;

test('whatever is said has one of the published sizes, and no other', async () => {
  const { bob, chat, chats } = await overheard();
  const lengths = [1, 30, 70, 200, 300, 700, 1_500, 3_000, 3_500, 7_000, 14_000, 23_000];
  const said: string[] = [];
  for (const length of lengths) said.push((await chat.send('x'.repeat(length))).id);
  const isStored = async () =>
    !(await chat.messages()).some(({ status }) => status === 'queued' || status === 'sent');
  await until('all is stored', isStored, 30_000);
  await chat.react(said[0]!, '👍');
  await chat.edit(said[1]!, 'y'.repeat(31));
  await chat.deleteForEveryone(said[2]!);
  await until('Bob has it', () => texts(bob.seen).length === lengths.length, 30_000);
  await until('all has left', () => chats().length === lengths.length + 3, 20_000);
  const sizes = [...new Set(chats().map(bytesOf))].sort((a, b) => a - b);
  // what stands around the plaintext is as long for each, but for lengths of lengths
  const around = sizes.map((size) => size - (PADDING_CLASSES.findLast((each) => each < size) ?? 0));
  expect(Math.max(...around) - Math.min(...around)).toBeLessThanOrEqual(8);
  expect(sizes).toHaveLength(PADDING_CLASSES.length);
}, 60_000);

test('a dummy is like a message in frame and row, and its receiver shows nothing of it', async () => {
  const { alice, bob, chat, chats } = await overheard({ traffic: { dummiesPerHour: 3_600, maxDelayMs: 0 } });
  const { id } = await chat.send('hello');
  await until('Bob has it', () => texts(bob.seen).includes('hello'), 20_000);
  await until('there were dummies', () => chats().length >= 3, 30_000);
  const heard = () => {
    const bytes = bob.disk.get(`conversation/${chat.id}`)!;
    const record = JSON.parse(new TextDecoder().decode(bytes)) as { heard: Record<string, number> };
    return record.heard[`${idOf(alice)}:${alice.client.me.deviceId}`] ?? 0;
  };
  await until('Bob has heard them', () => heard() >= 3, 30_000);
  const frames = chats().map((frame) => [Object.keys(frame).sort().join(), bytesOf(frame)].join());
  expect(new Set(frames).size).toBe(1);
  const [row] = await rowsOf<{ rows: number; kinds: number }>(
    stack.constellation.stores.postgresUrl,
    `SELECT count(*)::int AS rows, count(DISTINCT (m.type, m.expires_at, m.welcome, length(m.hash)))::int AS kinds
       FROM delivery.messages m JOIN delivery.conversations c ON c.id = m.conv_id
      WHERE c.ext_id = '${chat.id}' AND m.type = (
            SELECT type FROM delivery.messages WHERE conv_id = c.id AND msg_id = '${id}')`,
  );
  expect(row!.rows).toBeGreaterThanOrEqual(3);
  expect(row!.kinds).toBe(1);
  const theirs = bob.client.conversation(chat.id)!;
  expect([texts(await theirs.messages()), theirs.unread]).toEqual([['hello'], 1]);
  expect([alice.alarms, bob.alarms]).toEqual([[], []]);
}, 90_000);

test('messages that are held back at random leave later, and in their order', async () => {
  const { bob, chat, chats } = await overheard({ traffic: { dummiesPerHour: 0, maxDelayMs: 2_000 } });
  const numbers = Array.from({ length: 8 }, (_, index) => String(index));
  const startedAtMs = performance.now();
  for (const number of numbers) await chat.send(number);
  await until('all has left', () => chats().length === numbers.length, 30_000);
  // that all of eight are shorter than a tenth of the longest possible happens once in a hundred million times
  expect(performance.now() - startedAtMs).toBeGreaterThan(200);
  await until('Bob has all', () => texts(bob.seen).length === numbers.length, 20_000);
  expect(texts(bob.seen)).toEqual(numbers);
}, 60_000);

/**
 * Bytes for a message of the smallest size class, by TCP without TLS, in frames of JSON, with its ack, what the device acknowledges and the
 * receipt. Measured 1,008 and 304, 50 and 1,243: names of other lengths and a heartbeat have room.
 */
const BUDGET = { sender: { up: 1_060, down: 340 }, receiver: { up: 80, down: 1_310 } };

test('a short message keeps its budget of bytes at both ends', async () => {
  const [gateway] = stack.constellation.gateways;
  const doors = [
    await openFickleDoor(gateway?.tcpPort ?? 0),
    await openFickleDoor(gateway?.tcpPort ?? 0),
  ] as const;
  try {
    const [alice, bob] = [
      await devices.signUp('alice', {
        socket: `tcp://127.0.0.1:${doors[0].port}`,
        transport: tcpTransport(),
      }),
      await devices.signUp('bob', { socket: `tcp://127.0.0.1:${doors[1].port}`, transport: tcpTransport() }),
    ];
    const chat = await alice.client.direct(idOf(bob));
    const say = async (text: string) => {
      const { id } = await chat.send(text);
      await until(
        'Bob has it, and Alice knows',
        async () => (await chat.message(id))?.status === 'delivered',
      );
    };
    for (let n = 0; n < 3; n++) await say('so that keys and names are known');
    // key packages that were taken are made up for, some time after
    const passed = () => JSON.stringify(doors.map(({ bytes }) => bytes));
    await until(
      'nothing else is on its way',
      async () => {
        const soFar = passed();
        await sleep(1_000);
        return passed() === soFar;
      },
      30_000,
    );
    const before = doors.map(({ bytes }) => ({ ...bytes }));
    for (let n = 0; n < 20; n++) await say('a short message');
    const [sender, receiver] = doors.map(({ bytes }, n) => ({
      up: (bytes.up - before[n]!.up) / 20,
      down: (bytes.down - before[n]!.down) / 20,
    }));
    for (const way of ['up', 'down'] as const) {
      expect(sender![way]).toBeLessThanOrEqual(BUDGET.sender[way]);
      expect(receiver![way]).toBeLessThanOrEqual(BUDGET.receiver[way]);
    }
  } finally {
    for (const door of doors) door.close();
  }
}, 60_000);
