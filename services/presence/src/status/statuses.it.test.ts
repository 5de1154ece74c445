import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresenceStatus } from '@securechat/protocol';
import type { DeviceStatus } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { presenceKeys } from './keys.ts';
import { createStatuses, type Statuses } from './statuses.ts';

let store: TestRedis;
let users = 0;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store.close());

/** Statuses with separate keys and the test's own times. */
function open(times: { leaseMs?: number; graceMs?: number } = {}) {
  const { leaseMs = 60_000, graceMs = 60_000 } = times;
  const keys = presenceKeys(`${store.prefix}:${++users}`, 2);
  const statuses = createStatuses({ redis: store.redis, keys, leaseMs, graceMs });
  return { keys, statuses, of: (user: number) => statusOf(statuses, keys, user) };
}

async function statusOf(statuses: Statuses, keys: ReturnType<typeof presenceKeys>, user: number) {
  const { states } = await statuses.read(keys.shardOf(user), [user]);
  return states[0]?.[1];
}

/** Device `device` of user 7 on the connection of the same number, unless overridden. */
function device(number: number, status?: PresenceStatus, changes: Partial<DeviceStatus> = {}): DeviceStatus {
  return { user: 7, device: number, connection: number, since: '1700000000000001', status, ...changes };
}

describe('a user', () => {
  test('is as its devices are: busy before online before away, and offline when none is left', async () => {
    const { statuses, of } = open();
    const seen: unknown[] = [await of(7)];
    const say = async (number: number, status: PresenceStatus) => {
      await statuses.report('g1', [device(number, status)]);
      seen.push(await of(7));
    };
    await say(1, 'away');
    await say(2, 'online');
    await say(3, 'busy');
    await say(3, 'offline');
    await say(2, 'offline');
    await say(1, 'offline');
    expect(seen).toEqual(['offline', 'away', 'online', 'busy', 'online', 'away', 'offline']);
  });

  test('waits once to be told of, however often it changes, and not for what changes nothing', async () => {
    const { keys, statuses } = open();
    const { changed } = keys.shardOf(7);
    await statuses.report('g1', [device(1, 'online'), device(1, 'away'), device(1, 'online')]);
    expect(await store.redis.zrange(changed, '0', '-1')).toEqual(['7']);
    await store.redis.del(changed);
    await statuses.report('g1', [device(1, 'online'), device(2, 'away')]);
    expect(await store.redis.zrange(changed, '0', '-1')).toEqual([]);
  });
});

describe('a device', () => {
  test('of which nothing is said any more is offline by itself, with the time noted', async () => {
    const { keys, statuses, of } = open({ leaseMs: 100 });
    await statuses.report('g1', [device(1, 'online')]);
    const { changed, lastSeen } = keys.shardOf(7);
    await store.redis.del(changed);
    await until('its lease has ended', async () => (await statuses.expire()) === 1);
    expect(await of(7)).toBe('offline');
    expect(await store.redis.zrange(changed, '0', '-1')).toEqual(['7']);
    expect(Number(await store.redis.zscore(lastSeen, '7'))).toBeGreaterThan(Date.now() - 60_000);
  });

  test('of which it is said again has its whole lease anew', async () => {
    const { keys, statuses, of } = open({ leaseMs: 60_000 });
    const { leases } = keys.shardOf(7);
    await statuses.report('g1', [device(1, 'online')]);
    await store.redis.zadd(leases, Date.now() + 1_000, '7:1');
    await statuses.report('g1', [device(1, 'online')]);
    expect(Number(await store.redis.zscore(leases, '7:1'))).toBeGreaterThan(Date.now() + 30_000);
    expect(await of(7)).toBe('online');
  });

  test('whose connection ends may come back within the grace; then nothing has changed', async () => {
    const { keys, statuses, of } = open({ graceMs: 60_000 });
    await statuses.report('g1', [device(1, 'online')]);
    await store.redis.del(keys.shardOf(7).changed);
    await statuses.report('g1', [device(1)]);
    expect(await of(7)).toBe('online');
    await statuses.report('g2', [device(1, 'online', { connection: 9, since: '1700000000000002' })]);
    await statuses.expire();
    expect(await of(7)).toBe('online');
    expect(await store.redis.exists(keys.shardOf(7).changed)).toBe(0);
  });

  test('whose connection ends and that does not come back is offline after the grace', async () => {
    const { statuses, of } = open({ graceMs: 50 });
    await statuses.report('g1', [device(1, 'online'), device(2, 'away')]);
    await statuses.report('g1', [device(1)]);
    await until('its grace is over', async () => (await statuses.expire()) === 1);
    expect(await of(7)).toBe('away');
  });

  test('is what its newest connection says: an older one neither speaks nor ends for it', async () => {
    const { statuses, of } = open({ graceMs: 0 });
    await statuses.report('g2', [device(1, 'busy', { connection: 9, since: '1700000000000002' })]);
    await statuses.report('g1', [device(1, 'away', { since: '1700000000000001' })]);
    await statuses.report('g1', [device(1, 'offline', { since: '1700000000000001' })]);
    await statuses.report('g1', [device(1)]);
    expect(await statuses.expire()).toBe(0);
    expect(await of(7)).toBe('busy');
  });
});

test('however many leases end at once, all of them do', async () => {
  const { keys, statuses } = open({ leaseMs: 1 });
  const all = Array.from({ length: 1_200 }, (_, n) => device(1, 'online', { user: n + 1 }));
  // one shard after the other, so that none expires before its last report
  await statuses.report('g1', all.slice(0, 600));
  await statuses.report('g1', all.slice(600));
  await until('all have ended', async () => {
    await statuses.expire();
    const left = await Promise.all(keys.shards.map(({ status }) => store.redis.hlen(status)));
    return left.every((count) => count === 0);
  });
  const waiting = await Promise.all(keys.shards.map(({ lastSeen }) => store.redis.zcard(lastSeen)));
  expect(waiting.reduce((sum, count) => sum + count, 0)).toBe(1_200);
});
