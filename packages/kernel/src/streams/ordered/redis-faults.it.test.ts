import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test empties and pauses a Redis of its own
import { type EmbeddedServer, startRedis } from '@securechat/embedded';
import { sleep } from '../../clock.ts';
import { type CuttingProxy, startCuttingProxy } from '../../testing/cutting-proxy.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';
import { until } from '../../testing/until.ts';
import { type Numbers, openNumbers, range } from './testing/numbers.ts';

let database: OwnDatabase;
let server: EmbeddedServer;
let numbers: Numbers;

beforeAll(async () => {
  database = await createOwnDatabase('redis_faults');
});
afterAll(() => database.drop());
beforeEach(async () => {
  server = await startRedis();
  numbers = await openNumbers({ redisUrl: server.url, postgresUrl: database.url, streams: 2 });
});
afterEach(async () => {
  await numbers.close();
  await server.stop('SIGKILL');
});

/** A time far ahead: ids that a server with a wrong clock, or the failed one, may have assigned. */
const FAR = '9999999999999-0';

async function emptyRedis(): Promise<void> {
  const { port } = server;
  await server.stop('SIGKILL');
  server = await startRedis({ port });
  await until('the test is connected again', () => numbers.redis.status === 'ready');
}

test('Redis comes back empty while the cursor is ahead of its new ids: they are read from the start', async () => {
  await numbers.startWorker('w');
  await numbers.add(0, [1], FAR);
  await until('it is handled', async () => (await numbers.handled())[0]?.length === 1);
  await emptyRedis();
  await numbers.add(0, [2]);
  await numbers.add(0, [3]);
  await until('the new ones are handled', async () => (await numbers.handled())[0]?.length === 3);
  await numbers.add(0, [4]);
  await until('it goes on', async () => (await numbers.handled())[0]?.length === 4);
  expect((await numbers.handled())[0]).toEqual([1, 2, 3, 4]);
});

test('so they are when Redis was emptied while no worker was running', async () => {
  const before = await numbers.startWorker('before');
  await numbers.add(0, [1], FAR);
  await until('it is handled', async () => (await numbers.handled())[0]?.length === 1);
  await before.consumer.stop();
  await emptyRedis();
  await numbers.add(0, [2]);
  await numbers.startWorker('after');
  await until('the new one is handled', async () => (await numbers.handled())[0]?.length === 2);
});

test('a stream that began anew is found although another one never falls silent', async () => {
  await numbers.startWorker('w');
  await numbers.add(0, [1], FAR);
  await until('it is handled', async () => (await numbers.handled())[0]?.length === 1);
  let isOver = false;
  const adding = (async () => {
    for (let value = 1; !isOver; value += 1) {
      await numbers.add(1, [value]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    await numbers.redis.del(numbers.streams[0] ?? '');
    await numbers.add(0, [2]);
    await until('the new one is handled', async () => (await numbers.handled())[0]?.length === 2, 5000);
  } finally {
    isOver = true;
    await adding;
  }
});

test('Redis stands still for three seconds: reading goes on by itself, and nothing is doubled', async () => {
  const worker = await numbers.startWorker('w');
  await numbers.add(0, range(1, 5));
  await until('it works', () => worker.published.length === 5);
  process.kill(server.pid, 'SIGSTOP');
  const stoppedAtMs = performance.now();
  // written while it is stopped: the server processes it when it wakes
  const adding = numbers.add(0, range(6, 10));
  await until('three seconds are over', () => performance.now() - stoppedAtMs > 3000);
  process.kill(server.pid, 'SIGCONT');
  await adding;
  const resumedAtMs = performance.now();
  await until('it has recovered', () => worker.published.length === 10);
  expect(performance.now() - resumedAtMs).toBeLessThan(5000);
  expect((await numbers.handled())[0]).toEqual(range(1, 10));
  expect(await numbers.owners()).toEqual({ w: 2 });
});

describe('a worker that Redis does not reach, though Postgres does', () => {
  let cable: CuttingProxy;

  beforeEach(async () => {
    cable = await startCuttingProxy(server.port);
  });
  afterEach(() => cable.close());

  test('leaves its partitions to one that can read them, and takes none until it can again', async () => {
    const redisUrl = `redis://127.0.0.1:${cable.port}`;
    const deaf = await numbers.startWorker('deaf', { redisUrl });
    await numbers.add(0, [1]);
    await until('it works', () => deaf.published.length === 1);
    await numbers.startWorker('other');
    await until('both have their share', async () => (await numbers.owners()).other === 1);

    cable.blackhole(true);
    await numbers.add(0, [2]);
    await numbers.add(1, [2]);
    await until('both are handled', async () => (await numbers.handled()).flat().length === 3, 15_000);
    expect(await numbers.owners()).toEqual({ other: 2 });
    await sleep(2000);
    expect(await numbers.owners()).toEqual({ other: 2 });

    cable.blackhole(false);
    await until('it has its share again', async () => (await numbers.owners()).deaf === 1, 15_000);
  });

  test('keeps them while nobody else is better off', async () => {
    const redisUrl = `redis://127.0.0.1:${cable.port}`;
    const one = await numbers.startWorker('one', { redisUrl });
    await numbers.startWorker('two', { redisUrl });
    await until('both have their share', async () => {
      const { one, two } = await numbers.owners();
      return one === 1 && two === 1;
    });
    const before = await numbers.cursors();
    cable.blackhole(true);
    await sleep(10_000);
    expect(await numbers.cursors()).toEqual(before);
    cable.blackhole(false);
    await numbers.add(0, [1]);
    await numbers.add(1, [1]);
    await until('both are handled', async () => (await numbers.handled()).flat().length === 2, 15_000);
    expect(one.announced).toEqual([]);
  });
});
