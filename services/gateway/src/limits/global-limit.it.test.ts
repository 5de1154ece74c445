import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, createLogger, openProducer, type Producer } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { type OwnServer, openTestRedis, startOwnRedis, type TestRedis, until } from '@securechat/testkit';
import type { Redis } from 'ioredis';
import { mostInAny } from '../testing/moments.ts';
import { createGlobalLimit, type GlobalLimit } from './global-limit.ts';

const logger = createLogger({ service: 'gateway', instance: 'test', level: 'silent' });

let store: TestRedis;
let prefix: string;
let run = 0;
beforeAll(async () => {
  store = await openTestRedis();
  // Redis has the script cached from now on, so that a request is one call
  await startGateway(1, createTestClock()).limit.take();
});
afterAll(() => store?.close());
beforeEach(() => {
  prefix = `${store.prefix}-${++run}`;
});

/** Less than the window: who waited for a lease hears of it some microtasks after the clock was read. */
const NEARLY_A_SECOND_MS = 999;

/** Real time; `lookedAt` is when it was last read, which is when a message was decided on. */
function createLookedAtClock(): Clock & { lookedAt: number } {
  return {
    lookedAt: 0,
    now: () => Date.now(),
    monotonicMs() {
      this.lookedAt = performance.now();
      return this.lookedAt;
    },
  };
}

type Gateway = { limit: GlobalLimit; clock: Clock; calls: () => number };

function startGateway<C extends Clock>(
  perSecond: number,
  clock: C,
  redis: Redis = store.redis,
): Gateway & { clock: C } {
  let calls = 0;
  const counted = Object.create(redis) as Redis;
  counted.call = ((...args: Parameters<Redis['call']>) => {
    calls++;
    return redis.call(...args);
  }) as Redis['call'];
  const liveGateways = () => ['a', 'b', 'c', 'd'];
  const limit = createGlobalLimit({ redis: counted, prefix, perSecond, liveGateways, clock, logger });
  return { limit, clock, calls: () => calls };
}

const counted = async (): Promise<number> =>
  (await store.redis.hvals(`${prefix}:{global}:messages`)).reduce((sum, count) => sum + Number(count), 0);

describe('several gateways', () => {
  /** Each gateway offers messages at its rate (per second), for this long. */
  async function offer(perSecond: number, rates: number[], ms: number) {
    const gateways = rates.map(() => startGateway(perSecond, createLookedAtClock()));
    const startedAt = performance.now();
    const accepted: { gateway: number; at: number }[] = [];
    let refused = 0;
    let offered = 0;
    async function send({ limit, clock }: (typeof gateways)[number], gateway: number): Promise<void> {
      const answers: Promise<void>[] = [];
      const judge = (verdict: unknown): void => {
        if (verdict === undefined) accepted.push({ gateway, at: clock.lookedAt });
        else refused++;
      };
      const rate = rates[gateway] ?? 0;
      for (let sent = 0; performance.now() - startedAt < ms; ) {
        // what is due by now, however late this turn is
        const due = Math.floor(((performance.now() - startedAt) / 1000) * rate);
        for (; sent < due; sent++) {
          offered++;
          const verdict = limit.take();
          if (verdict instanceof Promise) answers.push(verdict.then(judge));
          else judge(verdict);
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await Promise.all(answers);
    }
    await Promise.all(gateways.map(send));
    const calls = gateways.map((gateway) => gateway.calls());
    return { accepted, refused, offered, calls, startedAt };
  }

  test('together never pass more than the limit in any second, and come close to it', async () => {
    const { accepted, refused, offered, calls, startedAt } = await offer(2000, [4000, 2500, 1500], 2500);
    const moments = accepted.map(({ at }) => at);
    expect(mostInAny(NEARLY_A_SECOND_MS, moments)).toBeLessThanOrEqual(2000);
    expect(refused).toBeGreaterThan(1000);
    const afterFirst = accepted.filter(({ at }) => at >= startedAt + 1000 && at < startedAt + 2500).length;
    // a window holds 1,050 to 1,075 ms of leases, and more of longer ones where a busy machine answers slowly
    expect(afterFirst).toBeGreaterThan(0.5 * 1.5 * 2000);
    expect(accepted.length + refused).toBe(offered);
    // nobody gets nothing
    const share = (gateway: number) => accepted.filter((one) => one.gateway === gateway).length;
    expect([0, 1, 2].map(share).every((count) => count > 0.02 * accepted.length)).toBe(true);
    // at most one request about every bucket of 25 ms, plus some for the rest of a bucket
    expect(Math.max(...calls)).toBeLessThan(3 * (2500 / 25));
  });

  test('that are idle leave nearly all of it to the one that is not', async () => {
    const { accepted, startedAt } = await offer(2000, [6000, 0, 0, 0], 1600);
    const inSecond = accepted.filter(({ at }) => at < startedAt + 1000).length;
    expect(inSecond).toBeGreaterThan(0.9 * 2000);
    const moments = accepted.map(({ at }) => at);
    expect(mostInAny(NEARLY_A_SECOND_MS, moments)).toBeLessThanOrEqual(2000);
  });

  test('that keep what they have leased to its last moment, or beyond, do not bring more into a second', async () => {
    const gateways = Array.from({ length: 12 }, () => startGateway(120, createLookedAtClock()));
    const moments: number[] = [];
    const take = async ({ limit, clock }: (typeof gateways)[number]): Promise<boolean> => {
      const verdict = await limit.take();
      if (verdict === undefined) moments.push(clock.lookedAt);
      return verdict === undefined;
    };
    const startedAt = performance.now();
    const passed = (ms: number) =>
      new Promise((resolve) => setTimeout(resolve, startedAt + ms - performance.now()));
    // leases of 2, of which one is kept
    await Promise.all(gateways.map(take));
    await passed(42);
    await Promise.all(gateways.slice(0, 6).map(take));
    for (let ms = 1000; ms < 1120; ms += 4) {
      await passed(ms);
      for (const gateway of gateways) while (await take(gateway));
    }
    expect(moments.length).toBeGreaterThan(120);
    expect(mostInAny(NEARLY_A_SECOND_MS, moments)).toBeLessThanOrEqual(120);
  });
});

describe('one gateway', () => {
  test('asks once for what it needs in a while, twice as much when it is busy, and before it runs out', async () => {
    const clock = createTestClock();
    const { limit, calls } = startGateway(10_000, clock);
    expect(await limit.take()).toBeUndefined();
    expect(calls()).toBe(1);
    expect(limit.take()).toBeUndefined();
    await until('it has asked beside the messages', () => calls() === 2);
    for (let n = 0; n < 1000; n++) await limit.take();
    expect(calls()).toBeLessThan(30);
  });

  test('asks for the next lease when half the time of one is over', async () => {
    const clock = createTestClock();
    const { limit, calls } = startGateway(10_000, clock);
    await Promise.all(Array.from({ length: 50 }, () => limit.take()));
    await store.redis.ping();
    const before = calls();
    clock.advance(24);
    expect(limit.take()).toBeUndefined();
    expect(calls()).toBe(before);
    clock.advance(1);
    expect(limit.take()).toBeUndefined();
    expect(calls()).toBe(before + 1);
  });

  test('gives back with its next question what a lease had left', async () => {
    const clock = createTestClock();
    const { limit } = startGateway(1000, clock);
    await limit.take();
    expect(await counted()).toBe(2);
    clock.advance(50);
    await limit.take();
    expect(await counted()).toBe(3);
  });

  test('leases for longer where answers take longer, and for less again when they do not', async () => {
    const clock = createTestClock();
    let answerTakesMs = 30;
    const redis = Object.create(store.redis) as Redis;
    redis.call = (async (...args: Parameters<Redis['call']>) => {
      const reply = await store.redis.call(...args);
      clock.advance(answerTakesMs);
      return reply;
    }) as Redis['call'];
    const { limit, calls } = startGateway(1000, clock, redis);
    const take = async () => expect(await limit.take()).toBeUndefined();
    await take();
    // the first lease of 50 ms is over, the second lasts for four answers
    clock.advance(50);
    await take();
    const before = calls();
    clock.advance(29);
    expect(limit.take()).toBeUndefined();
    expect(calls()).toBe(before);
    answerTakesMs = 0;
    for (let n = 0; n < 20; n++) {
      clock.advance(800);
      await take();
    }
    const later = calls();
    clock.advance(51);
    await take();
    expect(calls()).toBe(later + 1);
  });

  test('asks in the same flight as a message that has to ask for its user', async () => {
    const { limit, calls } = startGateway(1000, createTestClock());
    limit.prepare();
    limit.prepare();
    expect(await limit.take()).toBeUndefined();
    expect(limit.take()).toBeUndefined();
    expect(calls()).toBeLessThanOrEqual(2);
  });

  test('tells each that is refused a time of its own, and asks no more until something is free', async () => {
    const { limit, calls } = startGateway(40, createTestClock());
    while ((await limit.take()) === undefined);
    const before = calls();
    const verdicts = Array.from({ length: 100 }, () => limit.take());
    expect(calls()).toBe(before);
    const times = verdicts.map((verdict) => (verdict as { retryAfterMs: number }).retryAfterMs);
    expect(verdicts[0]).toMatchObject({ limit: 40 });
    expect(Math.min(...times)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...times)).toBeLessThanOrEqual(1500);
    expect(new Set(times).size).toBeGreaterThan(50);
  });

  test('that is itself too slow for its leases says so, and does not wait for ever', async () => {
    const clock = createTestClock();
    const redis = Object.create(store.redis) as Redis;
    redis.call = (async (...args: Parameters<Redis['call']>) => {
      const reply = await store.redis.call(...args);
      clock.advance(900);
      return reply;
    }) as Redis['call'];
    const { limit } = startGateway(1000, clock, redis);
    expect(await limit.take()).toBe('unavailable');
    redis.call = store.redis.call.bind(store.redis) as Redis['call'];
    expect(await limit.take()).toBeUndefined();
  });
});

describe('while Redis is away', () => {
  let server: OwnServer;
  let producer: Producer;
  beforeAll(async () => {
    server = await startOwnRedis();
    producer = openProducer(server.url);
    await producer.whenReady(10_000);
  });
  afterAll(async () => {
    producer?.close();
    await server?.stop();
  });

  const passed = (limit: GlobalLimit, count: number): number =>
    Array.from({ length: count }, () => limit.take()).filter((verdict) => verdict === undefined).length;

  test('a gateway takes its share in any second, until the first answer', async () => {
    const clock = createTestClock();
    const { limit } = startGateway(400, clock, producer.redis as Redis);
    expect(await limit.take()).toBeUndefined();
    await server.pause();
    clock.advance(100);
    // the first waits for an answer that does not come, then counts here: one of the share, 400 / 4
    expect(await limit.take()).toBeUndefined();
    expect(passed(limit, 300)).toBe(99);
    clock.advance(400);
    expect(limit.take()).toMatchObject({ limit: 400 });
    clock.advance(600);
    expect(passed(limit, 300)).toBe(100);
    await server.resume();
    await until('it leases again', async () => {
      clock.advance(500);
      const verdict = limit.take();
      return verdict instanceof Promise && (await verdict) === undefined;
    });
    expect(await Promise.all(Array.from({ length: 300 }, () => limit.take()))).toEqual(
      Array(300).fill(undefined),
    );
  });
});
