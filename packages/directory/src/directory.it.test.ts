import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDirectory, type Directory, GATEWAY_DEAD_AFTER_MS, type Registration } from './directory.ts';
import { directoryKeys } from './keys.ts';
import { heartbeatScript, registerScript, removeScript } from './scripts.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

const SHARDS = 4;
const DEAD_AFTER_US = GATEWAY_DEAD_AFTER_MS * 1000;

let store: TestRedis;
let directory: Directory;
let prefix: string;
let run = 0;

beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  prefix = `${store.prefix}-${++run}`;
  directory = createDirectory(store.redis, { prefix, shards: SHARDS });
});

type Given = Parameters<Directory['register']>[0];

function register(given: Partial<Given> = {}): Promise<Registration> {
  const defaults = { user: 1, device: 11, gateway: 'g1', connection: 1, maxConnections: 5 };
  return directory.register({ ...defaults, liveGateways: ['g1', 'g2'], ...given });
}

async function registered(given: Partial<Given> = {}) {
  const result = await register(given);
  if (result.outcome !== 'registered') throw new Error(`expected a registration, got ${result.outcome}`);
  return result;
}

async function routesOf(user: number) {
  return (await directory.locate([user])).get(user) ?? [];
}

/** As if all routes of user 1 had been registered so long ago that every gateway should know about theirs. */
async function letTimePass(): Promise<void> {
  const key = directoryKeys(prefix, SHARDS).routes(1);
  const routes = JSON.parse((await store.redis.hget(key, '1')) ?? '[]') as { t: string }[];
  const older = routes.map((route) => ({ ...route, t: String(BigInt(route.t) - BigInt(DEAD_AFTER_US)) }));
  await store.redis.hset(key, '1', JSON.stringify(older));
}

/** Redis' own clock, microseconds. */
async function redisTimeUs(): Promise<bigint> {
  const [seconds = 0, us = 0] = await store.redis.time();
  return BigInt(seconds) * 1_000_000n + BigInt(us);
}

describe('register', () => {
  test('a first connection is registered with the time of Redis and found', async () => {
    const before = await redisTimeUs();
    const result = await registered();
    expect(result.replaced).toBeUndefined();
    expect(result.since).toMatch(/^\d{16}$/);
    expect(BigInt(result.since)).toBeGreaterThanOrEqual(before);
    expect(BigInt(result.since)).toBeLessThanOrEqual(await redisTimeUs());
    expect(await routesOf(1)).toEqual([{ device: 11, gateway: 'g1', connection: 1 }]);
  });

  test('the newest connection of a device replaces the older one, and says which', async () => {
    await register({ gateway: 'g1', connection: 1 });
    expect(await register({ gateway: 'g2', connection: 7 })).toMatchObject({
      outcome: 'registered',
      replaced: { gateway: 'g1', connection: 1 },
    });
    expect(await routesOf(1)).toEqual([{ device: 11, gateway: 'g2', connection: 7 }]);
  });

  test('a connection that registers again with its own time replaces nothing', async () => {
    const { since } = await registered();
    expect(await register({ since })).toEqual({ outcome: 'registered', since });
    expect(await routesOf(1)).toHaveLength(1);
  });

  test('after Redis was emptied the older connection of a device cannot push out the newer one', async () => {
    const older = await registered({ gateway: 'g1', connection: 1 });
    const newer = await registered({ gateway: 'g2', connection: 2 });
    await store.redis.del(directoryKeys(prefix, SHARDS).routes(1));

    expect(await register({ gateway: 'g2', connection: 2, since: newer.since })).toMatchObject({
      outcome: 'registered',
    });
    expect(await register({ gateway: 'g1', connection: 1, since: older.since })).toEqual({
      outcome: 'outdated',
    });
    expect(await routesOf(1)).toEqual([{ device: 11, gateway: 'g2', connection: 2 }]);

    await store.redis.del(directoryKeys(prefix, SHARDS).routes(1));
    await register({ gateway: 'g1', connection: 1, since: older.since });
    expect(await register({ gateway: 'g2', connection: 2, since: newer.since })).toMatchObject({
      replaced: { gateway: 'g1', connection: 1 },
    });
  });

  test('times are compared to the last microsecond', async () => {
    await register({ gateway: 'g1', connection: 1, since: '1700000000000002' });
    expect(await register({ gateway: 'g2', connection: 2, since: '1700000000000001' })).toEqual({
      outcome: 'outdated',
    });
    expect(await register({ gateway: 'g2', connection: 2, since: '1700000000000003' })).toMatchObject({
      outcome: 'registered',
    });
  });

  test('a gateway that is too new to be known to the registering one is not taken for dead', async () => {
    await register({ device: 1, gateway: 'g2', connection: 1 });
    await register({ device: 2, gateway: 'g1', connection: 2, liveGateways: ['g1'] });
    expect((await routesOf(1)).map(({ gateway }) => gateway)).toEqual(['g2', 'g1']);
    expect(await register({ device: 1, gateway: 'g1', connection: 3, liveGateways: ['g1'] })).toMatchObject({
      replaced: { gateway: 'g2', connection: 1 },
    });
  });

  test('a newer connection on a dead gateway makes nobody outdated, and is not named as replaced', async () => {
    const { since } = await registered({ gateway: 'g1', connection: 1 });
    await register({ gateway: 'g2', connection: 2 });
    await letTimePass();
    const result = await register({ gateway: 'g1', connection: 1, since, liveGateways: ['g1'] });
    expect(result).toEqual({ outcome: 'registered', since });
    expect(await routesOf(1)).toEqual([{ device: 11, gateway: 'g1', connection: 1 }]);
  });

  test('the sixth device is refused and leaves no trace; a known device is not counted twice', async () => {
    for (const device of [1, 2, 3, 4, 5]) await register({ device, connection: device });
    expect(await register({ device: 6, connection: 6 })).toEqual({ outcome: 'limit' });
    expect(await routesOf(1)).toHaveLength(5);
    expect(await register({ device: 5, connection: 50 })).toMatchObject({ outcome: 'registered' });
    expect((await routesOf(1)).map(({ connection }) => connection).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 50,
    ]);
  });

  test('connections on dead gateways do not count, and are forgotten', async () => {
    for (const device of [1, 2, 3, 4, 5]) await register({ device, connection: device, gateway: 'g2' });
    await letTimePass();
    expect(await register({ device: 6, connection: 6, gateway: 'g1', liveGateways: ['g1'] })).toMatchObject({
      outcome: 'registered',
    });
    expect(await routesOf(1)).toEqual([{ device: 6, gateway: 'g1', connection: 6 }]);
  });

  test('the registering gateway counts as alive even before its first heartbeat', async () => {
    await register({ liveGateways: [] });
    await register({ device: 12, connection: 2, liveGateways: [] });
    expect(await routesOf(1)).toHaveLength(2);
  });

  test('of two directories that race for the fifth place exactly one wins', async () => {
    const second = await openTestRedis();
    const other = createDirectory(second.redis, { prefix, shards: SHARDS });
    try {
      for (let user = 1; user <= 20; user++) {
        const given = { user, maxConnections: 5, liveGateways: ['g1', 'g2'] };
        for (const device of [1, 2, 3, 4]) await register({ user, device, connection: device });
        const outcomes = await Promise.all([
          directory.register({ ...given, device: 5, gateway: 'g1', connection: 5 }),
          other.register({ ...given, device: 6, gateway: 'g2', connection: 6 }),
        ]);
        expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['limit', 'registered']);
        expect(await routesOf(user)).toHaveLength(5);
      }
    } finally {
      await second.close();
    }
  });

  test('of two connections of one device that race, one stays and the other is named', async () => {
    const results = await Promise.all([
      registered({ gateway: 'g1', connection: 1 }),
      registered({ gateway: 'g2', connection: 2 }),
    ]);
    const [route] = await routesOf(1);
    const replaced = results.flatMap((result) => result.replaced ?? []);
    expect(replaced).toHaveLength(1);
    expect(replaced[0]?.gateway).not.toBe(route?.gateway);
  });
});

describe('remove', () => {
  test('removes the very connection and nothing else', async () => {
    await register({ device: 11, connection: 1 });
    await register({ device: 12, connection: 2 });
    await directory.remove({ user: 1, gateway: 'g1', connection: 1 });
    expect(await routesOf(1)).toEqual([{ device: 12, gateway: 'g1', connection: 2 }]);
  });

  test('a late goodbye does not remove the connection that has replaced it', async () => {
    await register({ gateway: 'g1', connection: 1 });
    await register({ gateway: 'g2', connection: 1 });
    await directory.remove({ user: 1, gateway: 'g1', connection: 1 });
    await directory.remove({ user: 1, gateway: 'g2', connection: 2 });
    expect(await routesOf(1)).toEqual([{ device: 11, gateway: 'g2', connection: 1 }]);
  });

  test('the last connection takes the entry of its user with it; an unknown user does no harm', async () => {
    await register();
    await directory.remove({ user: 1, gateway: 'g1', connection: 1 });
    expect(await store.redis.exists(directoryKeys(prefix, SHARDS).routes(1))).toBe(0);
    await directory.remove({ user: 99, gateway: 'g1', connection: 1 });
  });

  test('the script tells how many it removed', async () => {
    const key = directoryKeys(prefix, SHARDS).routes(1);
    await register({ device: 1, connection: 1 });
    await register({ device: 2, connection: 2 });
    await register({ device: 3, connection: 3, gateway: 'g2' });
    expect(await removeScript.run(store.redis, [key], [1, 'g1', 9])).toBe(0);
    expect(await removeScript.run(store.redis, [key], [1, 'g1', ''])).toBe(2);
    expect(await routesOf(1)).toEqual([{ device: 3, gateway: 'g2', connection: 3 }]);
  });

  test('a dead gateway is forgotten for the users that are named', async () => {
    for (const user of [1, 2, 3]) {
      await register({ user, device: 10 * user, connection: user });
      await register({ user, device: 10 * user + 1, connection: user, gateway: 'g2' });
    }
    await directory.forgetGateway('g1', [1, 2]);
    const found = await directory.locate([1, 2, 3]);
    expect([...found.values()].map((routes) => routes.length)).toEqual([1, 1, 2]);
  });
});

describe('locate', () => {
  test('finds many users over all shards, each with its own routes, and leaves out who is not connected', async () => {
    const users = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(users.map((user) => register({ user, device: 1000 + user, connection: user })));
    const asked = [...users, ...users, 5000, 5001];
    const found = await directory.locate(asked);
    expect(found.size).toBe(200);
    for (const user of users) {
      expect(found.get(user)).toEqual([{ device: 1000 + user, gateway: 'g1', connection: user }]);
    }
    const keys = new Set(users.map((user) => directoryKeys(prefix, SHARDS).routes(user)));
    expect(keys.size).toBe(SHARDS);
  });

  test('nobody asked for, nobody found', async () => {
    expect(await directory.locate([])).toEqual(new Map());
  });
});

describe('heartbeat', () => {
  test('tells which gateways live, by the clock of Redis', async () => {
    const before = Number((await redisTimeUs()) / 1000n);
    expect(await directory.heartbeat('g1')).toEqual(['g1']);
    expect(await directory.heartbeat('g2')).toEqual(['g1', 'g2']);
    const score = Number(await store.redis.zscore(directoryKeys(prefix, SHARDS).gateways, 'g1'));
    expect(score).toBeGreaterThanOrEqual(before);
    expect(score).toBeLessThanOrEqual(Number((await redisTimeUs()) / 1000n));
  });

  test('a gateway that was silent for too long is dead, and much later forgotten', async () => {
    const { gateways } = directoryKeys(prefix, SHARDS);
    const nowMs = Number((await redisTimeUs()) / 1000n);
    await store.redis.zadd(gateways, nowMs - GATEWAY_DEAD_AFTER_MS - 1, 'dead');
    await store.redis.zadd(gateways, nowMs - GATEWAY_DEAD_AFTER_MS + 2000, 'late');
    await store.redis.zadd(gateways, nowMs - 10 * GATEWAY_DEAD_AFTER_MS - 1, 'forgotten');
    expect(await directory.heartbeat('g1')).toEqual(['late', 'g1']);
    expect(await store.redis.zrange(gateways, '0', '-1')).toEqual(['dead', 'late', 'g1']);
  });

  test('a gateway that leaves is no longer told to others', async () => {
    await directory.heartbeat('g1');
    await directory.heartbeat('g2');
    await directory.leave('g1');
    expect(await directory.heartbeat('g2')).toEqual(['g2']);
  });

  test('a gateway that was taken for dead is alive again with its next beat', async () => {
    const { gateways } = directoryKeys(prefix, SHARDS);
    await store.redis.zadd(gateways, 1, 'g1');
    expect(await heartbeatScript.run(store.redis, [gateways], ['g2', 100])).toEqual(['g2']);
    expect(await heartbeatScript.run(store.redis, [gateways], ['g1', 100])).toContain('g1');
  });
});

test('a script refuses another number of keys than its header names', async () => {
  for (const script of [registerScript, removeScript, heartbeatScript]) {
    await expect(script.run(store.redis, [], [])).rejects.toThrow('takes 1 keys');
  }
});
