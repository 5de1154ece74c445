import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { directoryKeys } from './keys.ts';
import {
  createRevocationSet,
  REVOCATION_KEPT_MS,
  type RevocationPage,
  type RevocationSet,
} from './revocation-set.ts';
import { openTestRedis, type TestRedis } from './testing/redis.ts';

const NOTHING = { generation: '', through: '0' };

let store: TestRedis;
let set: RevocationSet;
let key: string;
let run = 0;

beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());
beforeEach(() => {
  const prefix = `${store.prefix}-revocations-${++run}`;
  set = createRevocationSet(store.redis, { prefix });
  key = directoryKeys(prefix, 1).revoked;
});

const revoked = (...devices: number[]) => devices.map((device) => ({ device, isServed: false }));
const restored = (...devices: number[]) => devices.map((device) => ({ device, isServed: true }));

async function readAll(): Promise<RevocationPage> {
  const page = await set.read(NOTHING);
  if (!page) throw new Error('the set is missing');
  return page;
}

test('a set that is missing takes changes, but counts only when everything was brought', async () => {
  expect(await set.publish(revoked(1), false)).toBe(false);
  expect(await set.read(NOTHING)).toBeUndefined();
  expect(await set.publish(revoked(2), true)).toBe(true);
  expect((await readAll()).changes).toEqual(revoked(1, 2));
  expect(await set.publish([], false)).toBe(true);
});

test('what was read once is not read again, and a change is written once', async () => {
  await set.publish(revoked(1, 2), true);
  const first = await readAll();
  expect(await set.read(first)).toEqual({ ...first, changes: [] });
  await set.publish(revoked(2, 3), false);
  const next = await set.read(first);
  expect(next).toMatchObject({ generation: first.generation, changes: revoked(3), isLast: true });
});

test('a device that is served again is told as that, and may be revoked again', async () => {
  await set.publish(revoked(7), true);
  let known = await readAll();
  for (const changes of [restored(7), revoked(7)]) {
    await set.publish(changes, false);
    const next = await set.read(known);
    expect(next?.changes).toEqual(changes);
    known = next ?? known;
  }
  expect((await readAll()).changes).toEqual(revoked(7));
});

test('generation and entries stand in one key: when it vanishes, the set is missing and not empty', async () => {
  await set.publish(revoked(1), true);
  const before = await readAll();
  await store.redis.del(key);
  expect(await set.read(before)).toBeUndefined();
  expect(await set.publish([], true)).toBe(true);
  const after = await set.read(before);
  expect(after?.generation).not.toBe(before.generation);
  expect(after?.changes).toEqual([]);
});

test('of another generation everything is read, wherever the reader stood', async () => {
  await set.publish(revoked(1, 2), true);
  const { through } = await readAll();
  expect((await set.read({ generation: 'other', through }))?.changes).toEqual(revoked(1, 2));
});

test('a set that an earlier run of Redis has left counts as missing, and is made anew', async () => {
  await set.publish(revoked(1), true);
  const { generation } = await readAll();
  await store.redis.zrem(key, generation);
  await store.redis.zadd(key, 0, `${'0'.repeat(40)}:${generation.split(':')[1]}`);
  expect(await set.read(NOTHING)).toBeUndefined();
  expect(await set.publish(revoked(2), false)).toBe(false);
  expect(await set.publish(revoked(3), true)).toBe(true);
  expect((await readAll()).changes).toEqual(revoked(2, 3));
});

test('two that bring everything at once lose nothing of each other', async () => {
  const other = createRevocationSet(store.redis, { prefix: key.replace(/:revoked$/, '') });
  await Promise.all([
    set.publish(revoked(1, 2), true),
    other.publish(revoked(2, 3), true),
    set.publish(revoked(4), false),
  ]);
  const { changes } = await readAll();
  expect(changes.map(({ device }) => device).toSorted()).toEqual([1, 2, 3, 4]);
});

test('many are brought and read in parts, in the order in which they were written', async () => {
  const many = Array.from({ length: 2_500 }, (_, index) => index + 1);
  await set.publish(revoked(...many), true);
  const read: number[] = [];
  let known: RevocationPage | typeof NOTHING = NOTHING;
  for (let isLast = false; !isLast; ) {
    const page: RevocationPage | undefined = await set.read(known);
    if (!page) throw new Error('the set is missing');
    read.push(...page.changes.map(({ device }) => device));
    [known, isLast] = [page, page.isLast];
  }
  expect(read).toEqual(many);
});

test('an entry is forgotten when no ticket can be that old any more; the generation stays', async () => {
  await set.publish(revoked(1, 2), true);
  const longAgoUs = (Date.now() - REVOCATION_KEPT_MS - 60_000) * 1000;
  await store.redis.zadd(key, longAgoUs, '1');
  expect(await set.publish([], false)).toBe(true);
  expect((await readAll()).changes).toEqual(revoked(2));
});
