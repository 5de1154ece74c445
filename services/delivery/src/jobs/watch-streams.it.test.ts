import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createLogger, createMetrics } from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { deliveryMetrics } from '../metrics.ts';
import { startStreamWatch } from './watch-streams.ts';

let testRedis: TestRedis;
let watch: { stop(): void } | undefined;

beforeAll(async () => {
  testRedis = await openTestRedis();
});
afterEach(() => watch?.stop());
afterAll(() => testRedis?.close());

test('of each kind of stream the longest is told; one that does not exist is empty', async () => {
  const { redis, prefix } = testRedis;
  const streams = streamNames({ prefix, partitions: 2 });
  for (let n = 0; n < 3; n += 1) await redis.xadd(streams.ordered[1] ?? '', '*', 'e', 'x');
  await redis.xadd(streams.ordered[0] ?? '', '*', 'e', 'x');
  await redis.xadd(streams.acks[0] ?? '', '*', 'e', 'x');
  const metrics = createMetrics('delivery');
  const logger = createLogger({ service: 'delivery', instance: 'test', level: 'silent' });
  watch = startStreamWatch({ redis, streams, gauge: deliveryMetrics(metrics).streamLength, logger });

  const line = (kind: string, length: number) =>
    `securechat_delivery_stream_length_entries{kind="${kind}"} ${length}`;
  const text = await until('the lengths are told', async () => {
    const told = await metrics.registry.metrics();
    return told.includes('kind="sync"') ? told : undefined;
  });
  expect(text).toContain(line('ordered', 3));
  expect(text).toContain(line('acks', 1));
  expect(text).toContain(line('sync', 0));
});
