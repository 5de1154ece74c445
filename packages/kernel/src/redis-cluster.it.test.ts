import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test reshards a cluster of its own and kills its nodes
import { type ClusterNode, type RedisCluster, startRedisCluster } from '@securechat/embedded';
import { sleep, systemClock } from './clock.ts';
import { createJobRunner } from './jobs.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { isRedisDown, openProducer, type Producer } from './redis.ts';
import { runsOf } from './redis-runs.ts';
import { loadScript } from './script.ts';
import { openNumbers, range } from './streams/ordered/testing/numbers.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';
import { until as untilWithin } from './testing/until.ts';
import { watchStream } from './testing/watch-stream.ts';

let cluster: RedisCluster;
let producer: Producer;
let database: OwnDatabase;
const logger = createLogger({ service: 'test', instance: 'test', level: 'silent' });
const cleanups: (() => Promise<void> | void)[] = [];

/** Nodes gossip changes in their own time, which on a busy machine is long. */
const PATIENCE_MS = 60_000;
jest.setTimeout(3 * PATIENCE_MS);
const until: typeof untilWithin = (what, condition) => untilWithin(what, condition, PATIENCE_MS);

beforeAll(async () => {
  [cluster, database] = await Promise.all([startRedisCluster(), createOwnDatabase('redis_cluster')]);
  producer = openProducer(cluster.url, { name: 'test' });
  await producer.whenReady(PATIENCE_MS);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  producer?.close();
  await cluster?.stop();
  await database?.drop();
});

/** The node that serves a key, its slot, and one that does not serve it. */
async function placeOf(key: string): Promise<{ slot: number; owner: ClusterNode; other: ClusterNode }> {
  const masters = await cluster.masters();
  const slot = Number(await masters[0]!.ask('CLUSTER', 'KEYSLOT', key));
  const counts = await Promise.all(
    masters.map((node) =>
      node.ask('SET', key, '').then(
        () => true,
        () => false,
      ),
    ),
  );
  const owner = masters.find((_, index) => counts[index])!;
  await owner.ask('DEL', key);
  return { slot, owner, other: masters.find((node) => node !== owner)! };
}

test('a cluster that says that it is ready takes commands for all of its nodes', async () => {
  const [slow, other] = await cluster.masters();
  process.kill(slow!.pid, 'SIGSTOP');
  cleanups.push(() => void process.kill(slow!.pid, 'SIGCONT'));
  const fresh = openProducer(`redis+cluster://127.0.0.1:${other!.port}`, { name: 'fresh' });
  cleanups.push(() => fresh.close());
  await until('the nodes are known', () => fresh.redis.status === 'ready');
  expect(fresh.isReady()).toBe(false);
  process.kill(slow!.pid, 'SIGCONT');
  await fresh.whenReady(PATIENCE_MS);
  const keys = range(1, 30).map((n) => `fresh:{k.${n}}`);
  const answers = await Promise.all(keys.map((key) => fresh.redis.set(key, key).catch(String)));
  // on a busy machine an answer may come late
  expect(answers.filter((answer) => answer !== 'OK' && !answer.includes('timed out'))).toEqual([]);
});

test('commands and scripts find the nodes of their keys', async () => {
  const script = loadScript<string>('echo', 'return KEYS[1] .. ARGV[1]', 1);
  const keys = range(1, 30).map((n) => `some:{k.${n}}`);
  // one by one, then all at once
  for (const key of keys) await until('it is set', () => producer.redis.set(key, key));
  const all = <T>(what: string, command: (key: string) => Promise<T>) =>
    until(what, () => Promise.all(keys.map(command)));
  expect(await all('they are read', (key) => producer.redis.get(key))).toEqual(keys);
  const echoes = await all('they are echoed', (key) => script.run(producer.redis, [key], ['!']));
  expect(echoes).toEqual(keys.map((key) => `${key}!`));
});

test('a command on a lost connection rejects at once and is not sent to whoever takes over', async () => {
  const key = '{lost}:stream';
  const { owner } = await placeOf(key);
  await until('the first is written', () => producer.redis.xadd(key, '*', 'a', '1').then(Boolean));
  const before = await until('it tells its run', () => runsOf(producer.redis, [key]));
  process.kill(owner.pid, 'SIGSTOP');
  const added = producer.redis.xadd(key, '*', 'a', '2').then(String, (error: unknown) => error);
  await sleep(100);
  await owner.kill();
  const error = await added;
  expect(isRedisDown(error)).toBe(true);
  // one that was resent would run into its deadline of 1.5 s, or bounce between the nodes
  expect(String(error)).not.toMatch(/timed out|redirections/);

  await cluster.failOver(owner);
  const run = await until('the replica serves it', () => runsOf(producer.redis, [key]));
  expect(run).not.toBe(before);
  // the first may not have reached the replica in time
  const entries = await producer.redis.xrange(key, '-', '+');
  expect(entries.map(([, fields]) => fields[1])).not.toContain('2');
  // as a replica, or the next failure would lose this slot range
  await owner.start();
  await cluster.settled();
});

test('a blocking reader follows a slot that moves', async () => {
  const key = '{read}:stream';
  const { slot, owner, other } = await placeOf(key);
  const { seen, stop } = watchStream(cluster.url, key);
  cleanups.push(stop);
  const write = (value: string) =>
    until(`${value} is written`, () => producer.redis.xadd(key, '*', 'a', value).then(Boolean));
  await write('before');
  await until('it reads', () => seen.length === 1);
  await cluster.moveSlots([slot], other);
  await write('moved');
  await until('it has followed', () => seen.length === 2);
  await cluster.moveSlots([slot], owner);
  await write('moved back');
  await until('it has followed again', () => seen.length === 3);
  expect(seen).toEqual(['before', 'moved', 'moved back']);
});

test('while slots move and a master fails, ordered streams are read in order', async () => {
  const numbers = await openNumbers({
    redisUrl: cluster.url,
    postgresUrl: database.url,
    streams: 6,
    redis: producer.redis,
  });
  cleanups.push(() => numbers.close());
  await numbers.startWorker('one');
  await numbers.startWorker('two');
  const sent = numbers.streams.map(() => 0);
  let isOver = false;
  cleanups.push(() => {
    isOver = true;
  });
  // one at a time per stream, as gateways do; whatever Redis certainly did not accept is resent
  const adding = numbers.streams.map(async (_, index) => {
    while (!isOver) {
      const value = (sent[index] ?? 0) + 1;
      const wasTaken = await numbers.add(index, [value]).then(
        () => true,
        () => false,
      );
      if (wasTaken) sent[index] = value;
      await sleep(wasTaken ? 2 : 50);
    }
  });

  const places = await Promise.all(numbers.streams.map((stream) => placeOf(`${stream}:probe`)));
  for (const [other, some] of Map.groupBy(places, (place) => place.other)) {
    await cluster.moveSlots(
      some.map(({ slot }) => slot),
      other,
    );
  }
  const { owner } = await placeOf(numbers.streams[0]!);
  await owner.kill();
  // writers and readers meet slots that nobody serves
  await sleep(500);
  await cluster.failOver(owner);
  // as a replica, or the next failure would lose this slot range
  await owner.start();
  await cluster.settled();
  const before = [...sent];
  await until('all are written again', () => sent.every((value, index) => value > before[index]! + 20));
  isOver = true;
  await Promise.all(adding);
  await until('the newest of each are handled', async () => {
    const handled = await numbers.handled();
    return handled.every((values, index) => values.includes(sent[index]!));
  });
  for (const values of await numbers.handled()) {
    const first = values.filter((value, index) => values.indexOf(value) === index);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  }
});

test('background jobs go on after the master of their queue has failed', async () => {
  const runs = startJob();
  await until('the job has run', () => runs.length > 0);
  // between two runs: one whose end is lost would wait for the 30 s lock
  await sleep(EVERY_MS / 2);
  const { owner } = await placeOf('{jobs-test}');
  await owner.kill();
  await cluster.failOver(owner);
  const before = runs.length;
  await until('the job runs again', () => runs.length >= before + 2);
});

const EVERY_MS = 1000;

/** The times of its runs. */
function startJob(): readonly number[] {
  const times: number[] = [];
  const runner = createJobRunner({
    redisUrl: cluster.url,
    prefix: 'q',
    service: 'test',
    jobs: { note: { everyMs: EVERY_MS, deadlineMs: 1000, run: async () => void times.push(Date.now()) } },
    clock: systemClock,
    logger,
    metrics: createMetrics('test'),
  });
  cleanups.push(() => runner.stop());
  runner.start();
  return times;
}
