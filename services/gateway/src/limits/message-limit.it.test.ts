import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { directoryKeys } from '@securechat/directory';
import { type Clock, createLogger } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { Redis } from 'ioredis';
import { mostInAny } from '../testing/moments.ts';
import { createMessageLimit, type MessageLimit } from './message-limit.ts';
import { leaseScript } from './scripts.ts';

const BUCKET_MS = 5000;
const logger = createLogger({ service: 'gateway', instance: 'test', level: 'silent' });

let store: TestRedis;
let key: string;
let keyOf: (user: number) => string;
let run = 0;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  keyOf = directoryKeys(`${store.prefix}-${++run}`, 4).messages;
  key = keyOf(1);
});

const lease = (limit: number, wanted: number, unused: [bucket: number, count: number] = [0, 0]) =>
  leaseScript.run(store.redis, [key], [limit, wanted, BUCKET_MS, 14, 0, ...unused]);

async function bucketNow(): Promise<number> {
  const [seconds, us] = await store.redis.time();
  return Math.floor((Number(seconds) * 1000 + Math.floor(Number(us) / 1000)) / BUCKET_MS);
}

/** Runs `check` within one bucket, so that no bucket boundary falls in between. */
async function withinOneBucket(check: (bucket: number) => Promise<void>): Promise<void> {
  for (;;) {
    await store.redis.del(key);
    const before = await bucketNow();
    const outcome = await check(before).then(
      () => undefined,
      (error: unknown) => error ?? new Error('failed'),
    );
    if ((await bucketNow()) !== before) continue;
    if (outcome) throw outcome;
    return;
  }
}

describe('lease.lua', () => {
  test('grants what is left and no more, and counts it at once', async () => {
    await withinOneBucket(async (bucket) => {
      expect(await lease(10, 4)).toEqual([4, bucket, 0]);
      expect(await lease(10, 4)).toEqual([4, bucket, 0]);
      expect(await lease(10, 4)).toEqual([2, bucket, 0]);
      const [granted, , retryAfterMs] = await lease(10, 4);
      expect(granted).toBe(0);
      expect(retryAfterMs).toBeGreaterThan(13 * BUCKET_MS);
      expect(retryAfterMs).toBeLessThanOrEqual(14 * BUCKET_MS);
      expect(await store.redis.hgetall(key)).toEqual({ [bucket]: '10' });
    });
  });

  test('takes back what an earlier lease has left, while that still counts', async () => {
    await withinOneBucket(async (bucket) => {
      await store.redis.hset(key, { [bucket - 14]: 5, [bucket - 1]: 6 });
      expect(await lease(10, 9, [bucket - 1, 4])).toEqual([8, bucket, 0]);
      expect((await lease(10, 9, [bucket - 14, 5]))[0]).toBe(0);
      expect(await store.redis.hgetall(key)).toEqual({ [bucket - 1]: '2', [bucket]: '8' });
    });
  });

  test('grants nothing to whom only gives back; from a bucket that is gone nothing is taken', async () => {
    await withinOneBucket(async (bucket) => {
      await lease(10, 10);
      expect(await lease(10, 0, [bucket, 3])).toEqual([0, bucket, 0]);
      expect(await lease(10, 0, [bucket - 20, 3])).toEqual([0, bucket, 0]);
      expect(await store.redis.hgetall(key)).toEqual({ [bucket]: '7' });
      expect((await lease(10, 10))[0]).toBe(3);
    });
  });

  test('counts the current bucket and the 13 before it, and forgets what is older', async () => {
    await withinOneBucket(async (bucket) => {
      await store.redis.hset(key, { [bucket - 14]: 50, [bucket - 13]: 6 });
      expect(await lease(10, 9)).toEqual([4, bucket, 0]);
      expect(await store.redis.hgetall(key)).toEqual({ [bucket - 13]: '6', [bucket]: '4' });
      const [granted, , retryAfterMs] = await lease(10, 1);
      expect(granted).toBe(0);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(BUCKET_MS);
    });
  });

  test('tells the time of the oldest bucket that still holds anything', async () => {
    await withinOneBucket(async (bucket) => {
      await store.redis.hset(key, { [bucket - 12]: 0, [bucket - 10]: 5, [bucket - 1]: 5 });
      const [granted, , retryAfterMs] = await lease(10, 1);
      expect(granted).toBe(0);
      expect(retryAfterMs).toBeGreaterThan(3 * BUCKET_MS);
      expect(retryAfterMs).toBeLessThanOrEqual(4 * BUCKET_MS);
    });
  });

  test('leaves a key that expires by itself', async () => {
    await lease(10, 1);
    const ttl = await store.redis.pttl(key);
    expect(ttl).toBeGreaterThan(14 * BUCKET_MS);
    expect(ttl).toBeLessThanOrEqual(15 * BUCKET_MS);
  });
});

describe('one gateway', () => {
  function create(perMinute: number, redis = store.redis) {
    const clock = createTestClock();
    let calls = 0;
    const counted = Object.create(redis) as Redis;
    counted.call = ((...args: Parameters<Redis['call']>) => {
      if (args[0] === 'EVALSHA') calls++;
      return redis.call(...args);
    }) as Redis['call'];
    const limit = createMessageLimit({ redis: counted, keyOf, perMinute, clock, logger });
    return { limit, clock, calls: () => calls };
  }

  test('a quick sender asks Redis once in ten messages, and gets every message of its minute', async () => {
    const { limit, calls } = create(100);
    for (let n = 0; n < 100; n++) expect(await limit.take(1)).toBeUndefined();
    expect(calls()).toBeLessThan(17);
    const verdict = await limit.take(1);
    expect(verdict).toMatchObject({ limit: 100 });
    expect(await limit.take(2)).toBeUndefined();
  });

  test('a refusal is remembered for a moment, and the time it tells goes on', async () => {
    const { limit, clock, calls } = create(1);
    await limit.take(1);
    const first = await limit.take(1);
    if (typeof first !== 'object') throw new Error('not refused');
    expect(first.retryAfterMs).toBeGreaterThan(60_000);
    const asked = calls();
    clock.advance(400);
    expect(limit.take(1)).toEqual({ retryAfterMs: first.retryAfterMs - 400, limit: 1 });
    expect(calls()).toBe(asked);
    clock.advance(100);
    await limit.take(1);
    expect(calls()).toBe(asked + 1);
  });

  test('many who ask at once share the leases, and none is granted twice', async () => {
    const { limit, calls } = create(40);
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => limit.take(1)));
    expect(verdicts.filter((verdict) => verdict === undefined)).toHaveLength(40);
    expect(calls()).toBeLessThan(40);
  });

  test('a lease that is over is not used any more, and what it left is given back', async () => {
    const { limit, clock } = create(100);
    for (let n = 0; n < 8; n++) await limit.take(1);
    const used = async () => (await store.redis.hvals(key)).reduce((sum, count) => sum + Number(count), 0);
    const leased = await used();
    expect(leased).toBeGreaterThan(8);
    clock.advance(4999);
    limit.sweep();
    expect(await used()).toBe(leased);
    clock.advance(1);
    limit.sweep();
    while ((await used()) !== 8);
    expect(limit.take(1)).toBeInstanceOf(Promise);
  });

  test('while Redis is away messages are refused as such', async () => {
    const options = { lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null };
    const away = new Redis('redis://127.0.0.1:1', options).on('error', () => undefined);
    const { limit } = create(100, away);
    expect(await limit.take(1)).toBe('unavailable');
    expect(await Promise.all([limit.take(1), limit.take(1)])).toEqual(['unavailable', 'unavailable']);
  });
});

/**
 * With another bucket length, so that a minute lasts 600 ms; the gateways' clocks run faster to match. Everything
 * else is the shipped code on a real Redis with its real time.
 */
describe('several gateways, in minutes of 600 ms', () => {
  const FASTER = 100;
  const MINUTE_MS = 60_000 / FASTER;
  /** Position of the bucket length in the script's call: hash, 1, key, limit, wanted, then this. */
  const BUCKET_AT = 5;

  /** The gateways' time, as real milliseconds, when last read. */
  let lookedAt = 0;
  const clock: Clock = {
    now: () => Date.now(),
    monotonicMs() {
      lookedAt = performance.now();
      return lookedAt * FASTER;
    },
  };

  function startGateway(perMinute: number): MessageLimit {
    const redis = Object.create(store.redis) as Redis;
    redis.call = ((command: string, args: (string | number)[]) =>
      store.redis.call(
        command,
        args.map((arg, at) => (at === BUCKET_AT ? BUCKET_MS / FASTER : arg)),
      )) as Redis['call'];
    return createMessageLimit({ redis, keyOf, perMinute, clock, logger });
  }

  /** Takes as many messages as it gets, for `minutes`; `eager` is the share of time in which it tries. */
  async function simulate(
    perMinute: number,
    options: { gateways: number; minutes: number; eager: number; kills: boolean },
  ) {
    const gateways = Array.from({ length: options.gateways }, () => startGateway(perMinute));
    const used: number[] = [];
    const startedAt = performance.now();
    const isOver = () => performance.now() - startedAt > options.minutes * MINUTE_MS;
    let refused = 0;

    async function send(index: number): Promise<void> {
      while (!isOver()) {
        const burst = 1 + Math.floor(Math.random() * 8);
        for (let n = 0; n < burst; n++) {
          const verdict = gateways[index]?.take(1);
          if (verdict === undefined) used.push(lookedAt);
          else if ((await verdict) === undefined) used.push(lookedAt);
          else refused++;
        }
        // an event-loop turn, or a pause
        const pauseMs = Math.random() < options.eager ? 0 : Math.random() * 90;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }

    async function disturb(): Promise<void> {
      while (!isOver()) {
        await new Promise((resolve) => setTimeout(resolve, 8));
        for (const gateway of gateways) if (Math.random() < 0.7) gateway.sweep();
        // its leases are lost with it
        if (options.kills && Math.random() < 0.08) {
          gateways[Math.floor(Math.random() * gateways.length)] = startGateway(perMinute);
        }
      }
    }

    await Promise.all([...gateways.keys()].map(send).concat(disturb()));
    used.sort((a, b) => a - b);
    return { used, refused, startedAt };
  }

  test('gateways that hold what they have leased to its last moment do not bring more into a minute', async () => {
    const gateways = Array.from({ length: 4 }, () => startGateway(100));
    const used: number[] = [];
    const take = async (gateway: MessageLimit) => {
      const verdict = gateway.take(1);
      if (verdict === undefined || (await verdict) === undefined) used.push(lookedAt);
    };
    // late in a bucket, so that it stops counting soon after a minute
    const bucketMs = BUCKET_MS / FASTER;
    for (let us = 0; us < (bucketMs - 20) * 1000; )
      us = Number((await store.redis.time())[1]) % (bucketMs * 1000);
    const startedAt = performance.now();
    const passed = (ms: number) =>
      new Promise((resolve) => setTimeout(resolve, startedAt + ms - performance.now()));
    // leases of 1, 2, 4, 8 and 10, of which 9 are kept
    await Promise.all(
      gateways.map(async (gateway) => {
        for (let n = 0; n < 16; n++) await take(gateway);
      }),
    );
    await passed(bucketMs - 6);
    for (const gateway of gateways) for (let n = 0; n < 9; n++) await take(gateway);
    const enough = (ms: number) => ms > MINUTE_MS + 2.5 * bucketMs && used.length > 100;
    for (let ms = MINUTE_MS - 100; !enough(ms) && ms < 5 * MINUTE_MS; ms += 5) {
      await passed(ms);
      for (const gateway of gateways) for (let n = 0; n < 9; n++) await take(gateway);
    }
    expect(used.length).toBeGreaterThan(100);
    expect(mostInAny(MINUTE_MS, used)).toBeLessThanOrEqual(100);
  });

  test.each([
    { perMinute: 100, gateways: 1, minutes: 3, eager: 1, kills: false },
    { perMinute: 100, gateways: 4, minutes: 4, eager: 0.8, kills: false },
    { perMinute: 100, gateways: 4, minutes: 4, eager: 0.5, kills: true },
    { perMinute: 7, gateways: 3, minutes: 3, eager: 0.5, kills: true },
  ])('never more than the limit in any 60 seconds, and close to it: %j', async (options) => {
    const { perMinute } = options;
    const { used, refused, startedAt } = await simulate(perMinute, options);
    expect(refused).toBeGreaterThan(10);
    expect(mostInAny(MINUTE_MS, used)).toBeLessThanOrEqual(perMinute);
    const firstMinute = used.filter((at) => at < startedAt + MINUTE_MS).length;
    // kills lose leased messages: at most a tenth of the limit each time
    expect(firstMinute).toBeGreaterThanOrEqual(Math.floor(perMinute * (options.kills ? 0.3 : 0.7)));
    // in the long run a window of 65 to 70 s holds the limit
    if (!options.kills) {
      const longRun = Math.floor((used.length * MINUTE_MS) / (options.minutes * MINUTE_MS));
      expect(longRun).toBeGreaterThanOrEqual(perMinute * 0.7);
    }
  });
});
