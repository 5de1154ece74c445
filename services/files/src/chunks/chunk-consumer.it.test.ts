import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger, openProducer, type StreamEntry } from '@securechat/kernel';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { createChunkConsumer } from './chunk-consumer.ts';

let redis: TestRedis;
let producer: ReturnType<typeof openProducer>;
const logger = createLogger({ service: 'files', instance: 'test', level: 'fatal' });
beforeAll(async () => {
  redis = await openTestRedis();
  producer = openProducer(redis.url, { name: 'test', logger });
});
afterAll(async () => {
  producer?.close();
  await redis?.close();
});

const streamOf = (name: string): string => `${redis.prefix}:{${name}}:chunk`;
const add = (stream: string, text: string): Promise<string | null> =>
  redis.redis.xadd(stream, '*', 'e', text);
const textOf = (entry: StreamEntry): string => entry.fields.get('e')?.toString() ?? '';

function consume(stream: string, handle: (text: string) => Promise<void>) {
  const parts = { url: redis.url, redis: producer.redis, stream, concurrency: 2, logger };
  return createChunkConsumer({ ...parts, handle: (entry) => handle(textOf(entry)) });
}

test('takes what came before it was there, so much at once, and deletes what was dealt with', async () => {
  const stream = streamOf('all');
  for (let count = 0; count < 5; count++) await add(stream, `chunk ${count}`);
  const seen: string[] = [];
  let running = 0;
  let most = 0;
  const consumer = consume(stream, async (text) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 20));
    running -= 1;
    seen.push(text);
  });
  consumer.start();
  await until('nothing waits any more', async () => (await redis.redis.xlen(stream)) === 0);
  await add(stream, 'one more');
  await until('that one as well', () => seen.length === 6);
  await consumer.stop();
  expect([...seen].sort()).toEqual(['chunk 0', 'chunk 1', 'chunk 2', 'chunk 3', 'chunk 4', 'one more']);
  expect(most).toBe(2);
});

test('takes up what a process had read that died', async () => {
  const stream = streamOf('dead');
  const id = (await add(stream, 'half done')) ?? '';
  await redis.redis.xgroup('CREATE', stream, 'files', '0');
  await redis.redis.xreadgroup('GROUP', 'files', 'files', 'COUNT', 1, 'STREAMS', stream, '>');
  // as if that had been half a minute ago
  await redis.redis.xclaim(stream, 'files', 'files', 0, id, 'IDLE', 31_000);
  const seen: string[] = [];
  const consumer = consume(stream, async (text) => void seen.push(text));
  consumer.start();
  await until('it is dealt with', async () => seen.length === 1 && (await redis.redis.xlen(stream)) === 0);
  await consumer.stop();
  expect(seen).toEqual(['half done']);
});

test('deletes an entry before it acknowledges it, and forgets one of which only that reached Redis', async () => {
  const stream = streamOf('half');
  const id = (await add(stream, 'half done')) ?? '';
  await redis.redis.xgroup('CREATE', stream, 'files', '0');
  await redis.redis.xreadgroup('GROUP', 'files', 'files', 'STREAMS', stream, '>');
  await redis.redis.xclaim(stream, 'files', 'files', 0, id, 'IDLE', 31_000);
  await redis.redis.xdel(stream, id);
  const commands: string[] = [];
  const monitor = await redis.redis.duplicate().monitor();
  monitor.on('monitor', (_time, [command = '', key]: string[]) => {
    if (key === stream && /^(xdel|xack)$/i.test(command)) commands.push(command.toLowerCase());
  });
  await add(stream, 'after');
  const seen: string[] = [];
  const consumer = consume(stream, async (text) => void seen.push(text));
  consumer.start();
  await until('both commands were sent', () => commands.length === 2);
  await consumer.stop();
  monitor.disconnect();
  expect(commands).toEqual(['xdel', 'xack']);
  expect(seen).toEqual(['after']);
  const [pending] = await redis.redis.xpending(stream, 'files');
  expect(pending).toBe(0);
});

test('finishes what was begun before it ends, and leaves the rest', async () => {
  const stream = streamOf('end');
  for (let count = 0; count < 4; count++) await add(stream, `chunk ${count}`);
  const ends: (() => void)[] = [];
  let done = 0;
  const consumer = consume(stream, async () => {
    await new Promise<void>((resolve) => ends.push(resolve));
    done += 1;
  });
  consumer.start();
  await until('two are under way', () => ends.length === 2);
  const stopping = consumer.stop();
  for (const end of ends) end();
  await stopping;
  expect(done).toBe(2);
  expect(await redis.redis.xlen(stream)).toBe(2);
});

test('goes on when the group is gone, as after a Redis that lost everything', async () => {
  const stream = streamOf('lost');
  await add(stream, 'before');
  const seen: string[] = [];
  const consumer = consume(stream, async (text) => void seen.push(text));
  consumer.start();
  await until('it is at work', () => seen.length === 1);
  await redis.redis.unlink(stream);
  await add(stream, 'after');
  await until('it has found its way again', () => seen.includes('after'));
  await consumer.stop();
});
