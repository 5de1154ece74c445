import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  ENTRY_FIELD,
  type OutRecord,
  type Packed,
  packEntry,
  streamNames,
  unpackEntry,
} from '@securechat/protocol/internal';
import { createOutStreams } from './out-streams.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

const names = () => streamNames({ prefix: store.prefix, partitions: 1 });

async function makeStream(gateway: string): Promise<void> {
  await store.redis.xadd(names().out(gateway), '*', ENTRY_FIELD, Buffer.from(packEntry([])));
}

async function entriesOf(gateway: string): Promise<Packed<OutRecord>[][]> {
  const entries = await store.redis.xrangeBuffer(names().out(gateway), '-', '+');
  return entries.slice(1).map(([, fields]) => unpackEntry<OutRecord>(fields[1] ?? Buffer.alloc(0)));
}

function reply(correlation: string, bytes = 10): Packed<OutRecord> {
  return { head: { kind: 'reply', correlation }, body: Buffer.alloc(bytes, correlation) };
}

test('small records share one entry, in their order', async () => {
  await makeStream('g1');
  const sent = [reply('a'), reply('b', 0), reply('c')];
  expect(await createOutStreams(store.redis, names()).send('g1', sent)).toBe(true);
  const [entry, ...others] = await entriesOf('g1');
  expect(others).toEqual([]);
  expect(entry?.map(({ head }) => (head.kind === 'reply' ? head.correlation : ''))).toEqual(['a', 'b', 'c']);
  expect(entry?.map(({ body }) => Buffer.from(body).toString())).toEqual([
    'a'.repeat(10),
    '',
    'c'.repeat(10),
  ]);
});

test('large records are spread over entries of 256 KiB, none is lost and the order stays', async () => {
  await makeStream('g2');
  const sent = Array.from({ length: 10 }, (_, index) => reply(String(index), 100 * 1024));
  await createOutStreams(store.redis, names()).send('g2', [...sent, reply('big', 300 * 1024), reply('end')]);
  const entries = await entriesOf('g2');
  expect(entries.map((entry) => entry.length)).toEqual([2, 2, 2, 2, 2, 1, 1]);
  const correlations = entries.flat().map(({ head }) => (head.kind === 'reply' ? head.correlation : ''));
  expect(correlations).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'big', 'end']);
});

test('receipts, which are all head, are spread as well', async () => {
  await makeStream('g3');
  const mark = {
    conversation_id: `c_${'x'.repeat(22)}`,
    user_id: 'somebody',
    delivered_through: 123_456,
    read_through: 123_456,
  };
  const receipts: Packed<OutRecord> = {
    head: { kind: 'receipts', to: [1], marks: Array(200).fill(mark) },
    body: new Uint8Array(0),
  };
  await createOutStreams(store.redis, names()).send('g3', Array(50).fill(receipts));
  const entries = await store.redis.xrangeBuffer(names().out('g3'), '-', '+');
  const sizes = entries.map(([, fields]) => fields[1]?.length ?? 0);
  expect(sizes.length).toBeGreaterThan(4);
  expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  expect((await entriesOf('g3')).flat()).toHaveLength(50);
});

test('a gateway that is gone shows itself, and its stream is not made anew', async () => {
  expect(await createOutStreams(store.redis, names()).send('gone', [reply('a')])).toBe(false);
  expect(await store.redis.exists(names().out('gone'))).toBe(0);
});

test('a stream that nobody reads is trimmed instead of growing without end', async () => {
  await makeStream('slow');
  const out = createOutStreams(store.redis, names());
  const one = reply('x', 1);
  for (let round = 0; round < 23; round++) {
    await Promise.all(Array.from({ length: 1000 }, () => out.send('slow', [one])));
  }
  expect(await store.redis.xlen(names().out('slow'))).toBeLessThan(21_000);
});

test('answers of one moment share an entry of their gateway, and one that is gone harms nobody', async () => {
  await makeStream('g5');
  await makeStream('g6');
  const { reply: answer } = createOutStreams(store.redis, names());
  const body = (text: string) => Buffer.from(text);
  await Promise.all([
    answer('g5', 'a', body('1')),
    answer('gone', 'b', body('2')),
    answer('g6', 'c', body('3')),
    answer('g5', 'd', body('4')),
  ]);
  const told = async (gateway: string) =>
    (await entriesOf(gateway)).map((entry) =>
      entry.map(({ head, body }) => head.kind === 'reply' && `${head.correlation} ${Buffer.from(body)}`),
    );
  expect([await told('g5'), await told('g6')]).toEqual([[['a 1', 'd 4']], [['c 3']]]);
  expect(await store.redis.exists(names().out('gone'))).toBe(0);
});
