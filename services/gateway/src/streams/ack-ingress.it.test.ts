import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AckRecord, type StreamNames, streamNames, unpackEntry } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { sessionOf } from '../testing/context.ts';
import { type AckIngress, createAckIngress } from './ack-ingress.ts';

let store: TestRedis;
let streams: StreamNames;
let acks: AckIngress;
let run = 0;

beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  streams = streamNames({ prefix: `${store.prefix}-${++run}`, partitions: 4 });
  acks = createAckIngress({ redis: store.redis, streams, gatewayId: 'g', now: () => 77 });
});

/** All records, with the partition they are in. */
async function records(): Promise<(AckRecord & { partition: number })[]> {
  const found = await Promise.all(
    streams.acks.map(async (stream, partition) => {
      const entries = await store.redis.xrangeBuffer(stream, '-', '+');
      return entries.flatMap(([, fields]) =>
        unpackEntry<AckRecord>(fields[1] ?? Buffer.alloc(0)).map(({ head }) => ({ ...head, partition })),
      );
    }),
  );
  return found.flat();
}

test('of what a device acknowledges in a moment only the newest is passed on', async () => {
  for (let through = 1; through <= 50; through++) acks.acknowledge(3, sessionOf(6, 60), through);
  await until('it has arrived', async () => (await records()).length > 0);
  expect(await records()).toMatchObject([
    { type: 'ack', gateway: 'g', connection: 3, user: 6, device: 60, at: 77, through: 50, partition: 2 },
  ]);
});

test('devices are kept apart, and so are conversations; a read mark never goes back', async () => {
  acks.acknowledge(1, sessionOf(1, 10), 5);
  acks.acknowledge(2, sessionOf(1, 11), 7);
  acks.read(1, sessionOf(1, 10), 'c_a', 9);
  acks.read(2, sessionOf(1, 11), 'c_a', 4);
  acks.read(2, sessionOf(1, 11), 'c_b', 2);
  acks.read(3, sessionOf(2, 20), 'c_a', 1);
  await acks.flush();
  const found = await records();
  expect(
    found
      .map((one) =>
        one.type === 'ack'
          ? `${one.device}: ${one.through}`
          : `${one.user} ${one.conversation}: ${one.read_through}`,
      )
      .toSorted(),
  ).toEqual(['1 c_a: 9', '1 c_b: 2', '10: 5', '11: 7', '2 c_a: 1']);
  expect(found.every(({ user, partition }) => partition === user % 4)).toBe(true);
});

test('what one moment brings shares an entry; the next moment is another', async () => {
  for (let device = 0; device < 20; device++) acks.acknowledge(device, sessionOf(4, device), 1);
  await acks.flush();
  acks.acknowledge(1, sessionOf(4, 1), 2);
  await acks.flush();
  expect(await store.redis.xlen(streams.acks[0] ?? '')).toBe(2);
  expect((await records()).at(-1)).toMatchObject({ device: 1, through: 2 });
});

test('a flush with nothing to do is done at once', async () => {
  await acks.flush();
  expect(await records()).toEqual([]);
});
