import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDirectory, createOutStreams, type Directory } from '@securechat/directory';
import { createLogger, createMetrics, openProducer, type Producer } from '@securechat/kernel';
import type { OutRecord } from '@securechat/protocol/internal';
import { type OwnServer, startOwnRedis, until } from '@securechat/testkit';
import { Redis } from 'ioredis';
import { deliveryMetrics } from './metrics.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { addBlock } from './store/blocks.ts';
import { openGateway, PARTITIONS, type TestGateway } from './testing/gateway.ts';
import { ackFrom, chatFrom, deviceOf, type Place, readBy } from './testing/records.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
let server: OwnServer;
let redis: Redis;
let prefix: string;
let producer: Producer;
let directory: Directory;
let publisher: Publisher;
let receipts: Receipts;
let one: TestGateway;
let two: TestGateway;
let place: Place;
let round = 0;

beforeAll(async () => {
  [world, server] = await Promise.all([openWorld(), startOwnRedis()]);
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on('error', () => {});
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
  await world?.close();
});
/** Alice is on gateway 1; Bob's phone is there too, and his laptop on gateway 2. */
beforeEach(async () => {
  prefix = `test-${++round}`;
  [one, two] = [await openGateway({ redis, prefix }, 'g1'), await openGateway({ redis, prefix }, 'g2')];
  producer = openProducer(server.url);
  await producer.whenReady(5000);
  directory = createDirectory(producer.redis, { prefix, shards: PARTITIONS });
  publisher = newPublisher(world.pool);
  receipts = createReceipts({ pool: world.pool, publisher, lingerMs: 30, logger });
  publisher.start();
  place = await world.connect(await world.addPerson(`alice${round}`), await world.addPerson(`bob${round}`));
  await one.connect(...place.a.devices, deviceOf(place.b, 0));
  await two.connect(deviceOf(place.b, 1));
});
afterEach(async () => {
  await receipts.stop();
  await publisher.stop();
  producer.close();
});

const logger = createLogger({ service: 'delivery', instance: 'test', level: 'silent' });

function newPublisher(pool: World['pool']): Publisher {
  const outStreams = createOutStreams(producer.redis, one.streams);
  const metrics = deliveryMetrics(createMetrics('delivery'));
  return createPublisher({ directory, outStreams, pool, logger, metrics });
}

async function publish(...records: Parameters<World['run']>[0]): Promise<void> {
  publisher.publish((await world.run(records)).plan);
}
const phoneOf = (account = place.a) => deviceOf(account, 0);
const idle = async () => {
  await publisher.stop();
  publisher.start();
};
const inShort = (head: OutRecord): string => {
  if (head.kind === 'stored') return `stored ${head.conv_seq}`;
  if (head.kind === 'deliver')
    return `deliver ${head.conv_seq} to ${head.to.map((pair) => pair.join(' at ')).join(', ')}`;
  if (head.kind === 'head') return `head ${head.to.map((pair) => pair.join(' at ')).join(', ')}`;
  return head.kind;
};
const seenBy = async (gateway: TestGateway) => (await gateway.received()).map(({ head }) => inShort(head));
const at = (device: { device: number }, seq: number) => `${device.device} at ${seq}`;

describe('a batch', () => {
  test('goes to each gateway in one entry: answers first, then messages in order, a body once for all its devices', async () => {
    await publish(
      chatFrom(phoneOf(), place, 1, { body: 'one' }),
      chatFrom(phoneOf(place.b), place, 1, { body: 'two', gateway: 'g2' }),
    );
    await until('both gateways have it', async () => (await two.entries()).length === 2);
    const [laptop, bobPhone, bobLaptop] = [deviceOf(place.a, 1), deviceOf(place.b, 0), deviceOf(place.b, 1)];
    expect(await seenBy(one)).toEqual([
      'stored 2',
      `deliver 2 to ${at(laptop, 2)}, ${at(bobPhone, 2)}`,
      `deliver 3 to ${at(phoneOf(), 1)}, ${at(laptop, 3)}`,
    ]);
    expect(await seenBy(two)).toEqual([
      'stored 3',
      `deliver 2 to ${at(bobLaptop, 2)}`,
      `deliver 3 to ${at(bobLaptop, 3)}`,
    ]);
    expect((await one.entries()).map((entry) => entry.length)).toEqual([0, 3]);
    expect((await two.received()).map(({ body }) => Buffer.from(body).toString())).toEqual([
      '',
      'one',
      'two',
    ]);
  });

  test('says of a message what its frame needs', async () => {
    const expires = Math.floor(Date.now() / 1000) + 100;
    const message = chatFrom(phoneOf(), place, 1, { expires_at: expires, at: 4711 });
    await publish(message);
    const delivered = await until('it is delivered', async () =>
      (await two.received()).find(({ head }) => head.kind === 'deliver'),
    );
    expect(delivered.head).toMatchObject({
      type: 'chat',
      received_at: 4711,
      at: expect.any(Number),
      expires_at: expires,
    });
  });

  test('with a body above 16 KiB pushes only the new head; one of 16 KiB goes along', async () => {
    await publish(
      chatFrom(phoneOf(), place, 1, { body: Buffer.alloc(16 * 1024) }),
      chatFrom(phoneOf(), place, 2, { body: Buffer.alloc(16 * 1024 + 1) }),
    );
    await until('it is there', async () => (await two.entries()).length === 2);
    const bobLaptop = deviceOf(place.b, 1);
    expect(await seenBy(two)).toEqual([`deliver 2 to ${at(bobLaptop, 2)}`, `head ${at(bobLaptop, 3)}`]);
  });

  test('is not pushed to who is connected nowhere', async () => {
    await directory.remove({ user: place.b.user, gateway: 'g2', connection: deviceOf(place.b, 1).device });
    await publish(chatFrom(phoneOf(), place, 1));
    await until('the others have it', async () => (await seenBy(one)).length === 2);
    expect(await seenBy(two)).toEqual([]);
  });

  test('batches are published in the order in which they were committed', async () => {
    for (let n = 1; n <= 20; n += 1) await publish(chatFrom(phoneOf(), place, n));
    await idle();
    const delivered = (await seenBy(two)).map((text) => Number(/^deliver (\d+)/.exec(text)?.[1]));
    expect(delivered).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
  });
});

test('a gateway without a stream is gone: its routes are forgotten, those of others stay', async () => {
  await redis.del(two.streams.out('g2'));
  await publish(chatFrom(phoneOf(), place, 1));
  await until('its route is forgotten', async () => {
    const routes = await directory.locate([place.b.user]);
    return routes.get(place.b.user)?.every(({ gateway }) => gateway === 'g1');
  });
  const routes = await directory.locate([place.a.user, place.b.user]);
  expect([...routes.values()].flat().map(({ device }) => device)).toEqual([
    ...place.a.devices.map(({ device }) => device),
    deviceOf(place.b, 0).device,
  ]);
  expect(await redis.exists(two.streams.out('g2'))).toBe(0);
});

describe('while Redis is away', () => {
  afterEach(() => server.resume());

  test('nothing fails; afterwards the devices are told how far their mailboxes reach, until it has worked', async () => {
    await server.pause();
    await publish(chatFrom(phoneOf(), place, 1));
    // after at most four seconds of silence the connection is given up
    await idle();
    await server.resume();
    const told = `head ${at(deviceOf(place.b, 1), 2)}`;
    await until('the laptop is announced', async () => (await seenBy(two)).includes(told));
    const heads = (await one.received()).flatMap(({ head }) => (head.kind === 'head' ? head.to : []));
    expect(heads).toEqual(
      expect.arrayContaining([
        [deviceOf(place.a, 1).device, 2],
        [deviceOf(place.b, 0).device, 2],
      ]),
    );
  });

  test('the room for batches is bounded: the fifth waits until the first is through', async () => {
    await publisher.room();
    await server.pause();
    for (let n = 1; n <= 3; n += 1) await publish(chatFrom(phoneOf(), place, n));
    await publisher.room();
    await publish(chatFrom(phoneOf(), place, 4));
    let hasRoom = false;
    const waiting = publisher.room().then(() => {
      hasRoom = true;
    });
    await publish();
    expect(hasRoom).toBe(false);
    await server.resume();
    await waiting;
  });
});

test('announce tells those who are connected, and nobody else', async () => {
  await world.run([chatFrom(phoneOf(), place, 1)]);
  publisher.announce([deviceOf(place.a, 1).device, deviceOf(place.b, 1).device, 987_654]);
  await until('both are told', async () => (await seenBy(one)).length + (await seenBy(two)).length === 2);
  expect(await seenBy(one)).toEqual([`head ${at(deviceOf(place.a, 1), 2)}`]);
  expect(await seenBy(two)).toEqual([`head ${at(deviceOf(place.b, 1), 2)}`]);
});

test('a device that is announced again while it is being announced is told its newest head', async () => {
  const gate = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const slow = {
    async query(...args: Parameters<typeof world.pool.query>) {
      const found = await world.pool.query(...args);
      reading.resolve();
      await gate.promise;
      return found;
    },
  };
  const other = newPublisher(slow as unknown as typeof world.pool);
  other.announce([deviceOf(place.b, 1).device]);
  await reading.promise;
  await world.run([chatFrom(phoneOf(), place, 1)]);
  other.announce([deviceOf(place.b, 1).device]);
  gate.resolve();
  await other.stop();
  expect((await seenBy(two)).at(-1)).toBe(`head ${at(deviceOf(place.b, 1), 2)}`);
});

describe('receipts', () => {
  const marksSeenBy = async (gateway: TestGateway) =>
    (await gateway.received()).flatMap(({ head }) => (head.kind === 'receipts' ? [head] : []));

  test('gather for a moment: of many marks each device gets the newest, once', async () => {
    await world.run([1, 2, 3, 4].map((n) => chatFrom(phoneOf(), place, n)));
    const reader = deviceOf(place.b, 0);
    const moved = [];
    for (const record of [
      ...[2, 3, 5].map((n) => ackFrom(reader, n)),
      readBy(reader, place.conversation, 4),
    ]) {
      moved.push((await world.run([record])).moved);
    }
    for (const some of moved) receipts.add(some);
    const marks = [
      { conversation_id: place.conversation, user_id: place.b.name, delivered_through: 5, read_through: 4 },
    ];
    await until('the last device has it', async () => (await marksSeenBy(two)).length > 0);
    expect(await marksSeenBy(two)).toMatchObject([{ to: [deviceOf(place.b, 1).device], marks }]);
    expect((await marksSeenBy(one)).flatMap(({ to }) => to).toSorted()).toEqual(
      [...place.a.devices, reader].map(({ device }) => device).toSorted(),
    );
  });

  test('a mark that arrives late does not take back a newer one', async () => {
    await world.run([1, 2, 3, 4].map((n) => chatFrom(phoneOf(), place, n)));
    const early = (await world.run([ackFrom(deviceOf(place.b, 0), 2)])).moved;
    const late = (await world.run([ackFrom(deviceOf(place.b, 0), 4)])).moved;
    // a page's ack and a batch's may report out of order
    receipts.add(late);
    receipts.add(early);
    const [found] = await until('it is told', async () => {
      const seen = await marksSeenBy(two);
      return seen.length > 0 && seen;
    });
    expect(found?.marks).toMatchObject([{ delivered_through: 4 }]);
  });

  test('a mark that was held back is told as it stands by then: another process may have told a newer one', async () => {
    await world.run([1, 2, 3, 4].map((n) => chatFrom(phoneOf(), place, n)));
    const mine = (await world.run([ackFrom(deviceOf(place.b, 0), 2)])).moved;
    await world.run([ackFrom(deviceOf(place.b, 0), 4)]);
    receipts.add(mine);
    await until('it is told', async () => (await marksSeenBy(two)).length > 0);
    expect((await marksSeenBy(two)).map(({ marks }) => marks[0]?.delivered_through)).toEqual([4]);
  });

  test('one process tells them in the order in which it reads them, though reading may take its time', async () => {
    await world.run([1, 2, 3, 4].map((n) => chatFrom(phoneOf(), place, n)));
    const reader = deviceOf(place.b, 0);
    let questions = 0;
    const slowAtFirst = {
      async query(...question: Parameters<typeof world.pool.query>) {
        const isFirst = ++questions <= 2;
        const found = await world.pool.query(...question);
        if (isFirst) await new Promise((resolve) => setTimeout(resolve, 200));
        return found;
      },
    } as unknown as typeof world.pool;
    const told: number[] = [];
    const slow = createReceipts({
      pool: slowAtFirst,
      publisher: {
        send(_users, to) {
          const record = to({ gateway: 'two', connection: 1, device: deviceOf(place.b, 1).device } as never);
          if (record?.kind === 'receipts') told.push(...record.marks.map((mark) => mark.delivered_through));
        },
      },
      lingerMs: 10,
      logger,
    });
    slow.add((await world.run([ackFrom(reader, 2)])).moved);
    await until('it is reading', () => questions === 2);
    slow.add((await world.run([ackFrom(reader, 4)])).moved);
    await until('both are told', () => told.length === 2);
    await slow.stop();
    expect(told).toEqual([2, 4]);
  });

  test('of somebody who has blocked the other are told to their own devices alone', async () => {
    await addBlock(world.pool, place.b.user, place.a.name);
    receipts.add((await world.run([ackFrom(deviceOf(place.b, 0), 1)])).moved);
    await until('the other device of the reader has it', async () => (await marksSeenBy(two)).length > 0);
    await idle();
    const own = place.b.devices.map(({ device }) => device);
    expect([...(await marksSeenBy(one)), ...(await marksSeenBy(two))].flatMap(({ to }) => to)).toEqual(own);
  });

  test('what still waits is told at the end', async () => {
    receipts.add((await world.run([ackFrom(deviceOf(place.b, 0), 1)])).moved);
    await receipts.stop();
    await idle();
    expect(await marksSeenBy(two)).toHaveLength(1);
  });
});
