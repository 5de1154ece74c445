import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDirectory, createOutStreams, type Directory } from '@securechat/directory';
import { createLogger, openProducer, type Producer, sleep } from '@securechat/kernel';
import { type OutRecord, streamNames, unpackEntry } from '@securechat/protocol/internal';
import { type OwnServer, startOwnRedis, until } from '@securechat/testkit';
import { Redis } from 'ioredis';
import { createLifeline, type Lifeline } from './lifeline.ts';
import { createOutReader, type OutReader } from './out-reader.ts';

/** 2 s in a real gateway; long enough for a test to act between two heartbeats. */
const BEAT_EVERY_MS = 500;

let server: OwnServer;
let direct: Redis;
let run = 0;

beforeAll(async () => {
  server = await startOwnRedis();
  direct = new Redis(server.url, { protocol: 2 });
  direct.on('error', () => undefined);
}, 60_000);
afterAll(async () => {
  direct?.disconnect();
  await server?.stop();
});

let stream: string;
let prefix: string;
let producer: Producer;
let directory: Directory;
let reader: OutReader;
let lifeline: Lifeline;
let newLifeline: (beatEveryMs: number) => Lifeline;
let seen: string[];
let losses: number;
let log: string[];

beforeEach(async () => {
  prefix = `lifeline-${++run}`;
  stream = streamNames({ prefix, partitions: 1 }).out('g');
  seen = [];
  losses = 0;
  log = [];
  const write = (line: string) => void log.push((JSON.parse(line) as { msg: string }).msg);
  const logger = createLogger({
    service: 'gateway',
    instance: 'test',
    level: 'info',
    destination: { write },
  });
  producer = openProducer(server.url);
  await producer.whenReady(5000);
  directory = createDirectory(producer.redis, { prefix, shards: 1 });
  reader = createOutReader({
    redisUrl: server.url,
    stream,
    onEntry(entry) {
      for (const { head } of unpackEntry<OutRecord>(entry))
        if (head.kind === 'reply') seen.push(head.correlation);
    },
    logger,
  });
  newLifeline = (beatEveryMs) =>
    createLifeline({
      redis: producer.redis,
      directory,
      gatewayId: 'g',
      stream,
      reader,
      onLoss: () => void losses++,
      logger,
      beatEveryMs,
    });
  lifeline = newLifeline(BEAT_EVERY_MS);
  await lifeline.start(AbortSignal.timeout(20_000));
});
afterEach(async () => {
  await reader.stop();
  await lifeline.stop();
  producer.close();
});

/** As the other services do: never creates the stream. */
async function send(...correlations: string[]): Promise<boolean> {
  const out = createOutStreams(direct, streamNames({ prefix, partitions: 1 }));
  for (const correlation of correlations) {
    const record = { head: { kind: 'reply', correlation } as const, body: new Uint8Array(0) };
    if (!(await out.send('g', [record]))) return false;
  }
  return true;
}

async function nextBeat(): Promise<void> {
  const beatAt = () => direct.zscore(`${prefix}:gateways`, 'g');
  const last = await beatAt();
  await until('the next heartbeat', async () => (await beatAt()) !== last);
  // a beat checks for losses after it has been counted; another command after it shows that the check is done
  const trimmed = async () => (await direct.xlen(stream)) <= 1;
  await until('what was read is trimmed', trimmed, 3000).catch(() => undefined);
}

test('the stream is there from the start and expires when nobody keeps it', async () => {
  expect(await direct.exists(stream)).toBe(1);
  const ttl = await direct.pttl(stream);
  expect(ttl).toBeGreaterThan(10_000);
  expect(ttl).toBeLessThanOrEqual(15_000);
  expect(lifeline.liveGateways()).toEqual(['g']);
});

test('a Redis that does not answer at the start is waited for, and not beyond the end of it', async () => {
  await lifeline.stop();
  await server.pause();
  const ending = new AbortController();
  const started = lifeline.start(ending.signal);
  await until('it has tried in vain', () => log.includes('no place in Redis yet; trying again'), 10_000);
  await server.resume();
  await started;
  expect(await direct.exists(stream)).toBe(1);

  await lifeline.stop();
  await server.pause();
  const given = lifeline.start(ending.signal);
  ending.abort();
  await given;
  await server.resume();
});

test('entries arrive once and in order, what was read is trimmed, and that is no loss', async () => {
  reader.start();
  await send('1', '2', '3');
  await until('they have arrived', () => seen.length === 3);
  await nextBeat();
  await send('4');
  await until('the next has arrived', () => seen.length === 4);
  await nextBeat();
  expect(seen).toEqual(['1', '2', '3', '4']);
  await until('nothing that was read stays', async () => (await direct.xlen(stream)) === 0);
  await nextBeat();
  expect(losses).toBe(0);
});

test('what was written before the reading began is read too', async () => {
  await send('early');
  reader.start();
  await until('it has arrived', () => seen.includes('early'));
});

test('an entry that cannot be handled does not stop those behind it', async () => {
  reader.start();
  await direct.xadd(stream, '*', 'e', 'rubbish');
  await send('after');
  await until('the next has arrived', () => seen.includes('after'));
});

test('entries that were trimmed unread are noticed once, and not again', async () => {
  await send('lost 1', 'lost 2', 'kept');
  await direct.xtrim(stream, 'MAXLEN', 1);
  reader.start();
  await until('what was left has arrived', () => seen.length === 1);
  await until('the loss is noticed', () => losses === 1);
  expect(log).toContain('entries of the out stream were lost');
  await send('next');
  await until('the next has arrived', () => seen.length === 2);
  await nextBeat();
  await nextBeat();
  expect(seen).toEqual(['kept', 'next']);
  expect(losses).toBe(1);
});

describe('a Redis that was emptied', () => {
  test('is noticed: the stream is made again and read, everything registers again, once', async () => {
    reader.start();
    await send('before');
    await until('it has arrived', () => seen.length === 1);
    // the whole time between two heartbeats, in which nobody recreates the stream
    await nextBeat();
    await direct.flushall();
    expect(await send('into nothing')).toBe(false);
    await until('the loss is noticed', () => losses === 1);
    expect(await send('after')).toBe(true);
    await until('the next has arrived', () => seen.includes('after'));
    await nextBeat();
    expect([losses, seen]).toEqual([1, ['before', 'after']]);
    expect(lifeline.liveGateways()).toEqual(['g']);
  });

  test('by ending and coming back is noticed too, by reader and writer', async () => {
    reader.start();
    await send('before');
    await until('it has arrived', () => seen.length === 1);
    await server.end('SIGKILL');
    await server.startEmpty();
    await until('the loss is noticed', () => losses >= 1);
    await until('it can be written to', () => send('after'));
    await until('it has arrived', () => seen.includes('after'));
    expect(seen).toEqual(['before', 'after']);
    expect(losses).toBe(1);
  });
});

test('a stop takes the stream away, so that nobody writes to it any more', async () => {
  reader.start();
  await reader.stop();
  await lifeline.stop();
  expect(await direct.exists(stream)).toBe(0);
  expect(await direct.zrange(`${prefix}:gateways`, '0', '-1')).toEqual([]);
  expect(await send('late')).toBe(false);
});

test('a stop while it beats leaves no stream behind, and no gateway that seems to live', async () => {
  await lifeline.stop();
  for (let round = 0; round < 20; round++) {
    const quick = newLifeline(1);
    await quick.start(AbortSignal.timeout(5000));
    await sleep(5);
    await quick.stop();
    await sleep(20);
    expect(await direct.exists(stream)).toBe(0);
    expect(await direct.zscore(`${prefix}:gateways`, 'g')).toBeNull();
  }
  expect(losses).toBe(0);
});
