import { afterEach, beforeEach, expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test empties, pauses and kills a Redis of its own
import { type EmbeddedServer, freePort, startRedis } from '@securechat/embedded';
import { Redis } from 'ioredis';
import { sleep, systemClock } from '../clock.ts';
import { createLogger } from '../logger.ts';
import { createMetrics, type Metrics } from '../metrics.ts';
import { until } from '../testing/until.ts';
import { createTestClock } from '../testing.ts';
import { encodeRequest } from './request.ts';
import {
  createRequestConsumer,
  type RequestConsumer,
  type RequestConsumerOptions,
} from './request-consumer.ts';

const STREAMS = ['{a}:1', '{a}:2'];
let port: number;
let server: EmbeddedServer;
let redis: Redis;
let metrics: Metrics;
let handled: string[];
let replies: string[];
const consumers: RequestConsumer[] = [];

beforeEach(async () => {
  port = await freePort();
  server = await startRedis({ port });
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on('error', () => {});
  metrics = createMetrics('auth');
  handled = [];
  replies = [];
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
  redis.disconnect();
  await server.stop('SIGKILL');
});

async function startConsumer(options: Partial<RequestConsumerOptions> = {}): Promise<RequestConsumer> {
  const consumer = createRequestConsumer({
    url: server.url,
    streams: STREAMS,
    group: 'auth',
    consumer: 'auth',
    concurrency: 4,
    clock: systemClock,
    logger: createLogger({ service: 'auth', instance: 'auth-1', level: 'silent' }),
    metrics,
    handle: async (request) => {
      handled.push(request.body.toString());
      return request.body;
    },
    reply: async (gatewayId, correlationId, bytes) =>
      void replies.push(`${gatewayId} ${correlationId} ${bytes}`),
    ...options,
  });
  consumers.push(consumer);
  await consumer.start();
  return consumer;
}

const TEN_MINUTES_MS = 600_000;

/** `aheadMs`: how far the asker's clock is ahead. */
function askByRedis(body: string, { withinMs = 5000, aheadMs = 0 } = {}): Promise<unknown> {
  const deadlineMs = Date.now() + aheadMs + withinMs;
  const request = {
    correlationId: `c-${body}`,
    gatewayId: 'g1',
    deadlineMs,
    withinMs,
    body: Buffer.from(body),
  };
  return redis.xadd(STREAMS[0] ?? '', '*', ...encodeRequest(request));
}

function ask(body: string, withinMs = 5000, stream = STREAMS[0] ?? ''): Promise<unknown> {
  const deadlineMs = Date.now() + withinMs;
  const fields = encodeRequest({
    correlationId: `c-${body}`,
    gatewayId: 'g1',
    deadlineMs,
    body: Buffer.from(body),
  });
  return redis.xadd(stream, '*', ...fields);
}

/** Asks like a gateway, repeatedly: what was read for a connection that is then lost is gone. */
async function askUntilAnswered(body: string): Promise<void> {
  const isAnswered = () => replies.includes(`g1 c-${body} ${body}`);
  for (let attempts = 1; !isAnswered(); attempts++) {
    await ask(body);
    await until(`${body} is answered`, isAnswered, 5000).catch((error: unknown) => {
      if (attempts === 5) throw error;
    });
  }
}

async function outcomes(): Promise<string> {
  const text = await metrics.registry.getSingleMetricAsString('securechat_auth_requests_total');
  return text
    .split('\n')
    .flatMap((line) => /outcome="(\w+)"} ([1-9]\d*)/.exec(line)?.slice(1).join('=') ?? [])
    .sort()
    .join(' ');
}

test('a request is handled once and its reply goes to its gateway, whichever stream and process', async () => {
  await startConsumer();
  await startConsumer();
  for (let i = 0; i < 40; i += 1) await ask(String(i), 5000, STREAMS[i % 2]);
  await until('40 were answered', () => replies.length === 40);
  await sleep(100);
  expect(handled.toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 40 }, (_, i) => String(i)),
  );
  expect(replies).toContain('g1 c-7 7');
  expect(await outcomes()).toBe('replied=40');
});

test('what was asked before the first process started is answered', async () => {
  await ask('early');
  await startConsumer();
  await until('1 was answered', () => replies.length === 1);
});

test('whoever asks and whoever answers may have wall clocks ten minutes apart, either way', async () => {
  await askByRedis('behind', { aheadMs: -TEN_MINUTES_MS });
  await askByRedis('ahead', { aheadMs: TEN_MINUTES_MS });
  await startConsumer({ clock: createTestClock(Date.now() + TEN_MINUTES_MS) });
  await until('2 were answered', () => replies.length === 2);
  expect(await outcomes()).toBe('replied=2');
});

test('how old a request is, the clock of Redis tells, not that of whoever asked', async () => {
  await askByRedis('old', { withinMs: 200, aheadMs: TEN_MINUTES_MS });
  await sleep(300);
  await askByRedis('new', { withinMs: 5000, aheadMs: -TEN_MINUTES_MS });
  await startConsumer();
  await until('1 was answered', () => replies.length === 1);
  expect(handled).toEqual(['new']);
  expect(await outcomes()).toBe('expired=1 replied=1');
});

test('an entry that Redis dates in the future, because its clock was set back, is a new one', async () => {
  const aheadId = `${Date.now() + TEN_MINUTES_MS}-0`;
  await redis.xadd(STREAMS[0] ?? '', aheadId, 'c', 'c-1', 'g', 'g1', 'd', '0', 'w', '5000', 'b', 'future');
  await startConsumer();
  await until('1 was answered', () => replies.length === 1);
});

test('a request past its deadline is not handled', async () => {
  const clock = createTestClock(Date.now());
  await ask('late', 1000);
  clock.advance(1001);
  await ask('in time', 60_000);
  await startConsumer({ clock });
  await until('1 was answered', () => replies.length === 1);
  expect(handled).toEqual(['in time']);
  expect(await outcomes()).toBe('expired=1 replied=1');
});

test('a handler that misses the deadline is told so, nobody is answered, and its place is free', async () => {
  let reason: unknown;
  await startConsumer({
    concurrency: 1,
    handle: async (request, signal) => {
      if (request.body.toString() === 'next') return request.body;
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    },
  });
  await ask('stuck', 300);
  await ask('next', 5000);
  await until('1 was answered', () => replies.length === 1);
  expect(replies).toEqual(['g1 c-next next']);
  expect(reason).toMatchObject({ name: 'DeadlineError' });
  expect(await outcomes()).toBe('late=1 replied=1');
});

test('never more handlers than allowed, and nothing is read while all are busy', async () => {
  let running = 0;
  let most = 0;
  await startConsumer({
    concurrency: 3,
    handle: async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(20);
      running -= 1;
      handled.push('x');
      return undefined;
    },
  });
  for (let i = 0; i < 30; i += 1) await ask(String(i), 5000, STREAMS[i % 2]);
  await until('thirty were handled', () => handled.length === 30);
  expect(most).toBe(3);
  await until('none is under way', () => running === 0);
  await sleep(20);
  expect(await outcomes()).toBe('no_reply=30');
});

test('a malformed entry and a failing handler are counted and the loop goes on', async () => {
  await startConsumer({
    handle: async (request) => {
      if (request.body.toString() === 'bad') throw new TypeError('oops');
      return request.body;
    },
  });
  await redis.xadd(STREAMS[0] ?? '', '*', 'c', '1', 'd', 'soon');
  await ask('bad');
  await ask('good');
  await until('1 was answered', () => replies.length === 1);
  expect(await outcomes()).toBe('failed=1 malformed=1 replied=1');
});

test('the group is made again when Redis has been emptied', async () => {
  await startConsumer();
  await ask('before');
  await until('1 was answered', () => replies.length === 1);
  await redis.flushall();
  await ask('after');
  await until('2 were answered', () => replies.length === 2, 8000);
});

test('a paused and then a killed Redis only delays', async () => {
  const consumer = await startConsumer();
  await ask('1');
  await until('1 was answered', () => replies.length === 1);

  process.kill(server.pid, 'SIGSTOP');
  await sleep(3000);
  process.kill(server.pid, 'SIGCONT');
  await askUntilAnswered('2');

  await server.kill();
  await sleep(500);
  server = await startRedis({ port });
  await askUntilAnswered('3');
  expect(consumer.silentForMs()).toBeLessThan(3000);
}, 90_000);

test('drain finishes what was read, stop abandons it, and both leave nothing open', async () => {
  const handle: RequestConsumerOptions['handle'] = async (request) => {
    await sleep(300);
    return request.body;
  };
  const draining = await startConsumer({ handle });
  await ask('1');
  await sleep(100);
  await draining.drain();
  expect(replies).toEqual(['g1 c-1 1']);
  await ask('2');
  await sleep(200);
  expect(replies).toHaveLength(1);

  const stopping = await startConsumer({ handle: () => sleep(2000).then(() => undefined) });
  await sleep(300);
  const startedMs = performance.now();
  await stopping.stop();
  expect(performance.now() - startedMs).toBeLessThan(500);
  expect(await outcomes()).toBe('aborted=1 replied=1');
  const clients = (await redis.client('LIST')) as string;
  expect(clients).not.toContain('auth-requests');
});
