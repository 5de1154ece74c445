import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { kinds } from '#media';
import { StoreClosed, StoreInUse } from './errors.ts';
import { type Change, type Entry, type Store, sortable } from './store.ts';
import type { Medium } from './testing/medium.ts';

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);
const put = (key: string, ...values: number[]): Change => ({ put: key, value: bytes(...values) });
const keysOf = (entries: Entry[]): string[] => entries.map(([key]) => key);

describe.each(kinds)('a store $name', ({ create }) => {
  let medium: Medium;
  let store: Store;

  beforeEach(async () => {
    medium = create();
    store = await medium.open();
  });
  afterEach(async () => {
    await store.close();
    await medium.remove();
  });

  async function reopen(): Promise<void> {
    await store.close();
    store = await medium.open();
  }

  test('gives back what was written, also after it was opened anew', async () => {
    await store.write([put('device/key', 1, 2, 3), put('device/empty')]);
    expect(await store.get('device/key')).toEqual(bytes(1, 2, 3));
    await reopen();
    expect(await store.get('device/key')).toEqual(bytes(1, 2, 3));
    expect(await store.get('device/empty')).toEqual(bytes());
    expect(await store.get('device/other')).toBeUndefined();
  });

  test('replaces and deletes, and of several changes of a key takes the last', async () => {
    await store.write([put('a', 1), put('b', 1), put('c', 1)]);
    await store.write([put('a', 2), { delete: 'b' }, put('c', 3), { delete: 'c' }, put('d', 4), put('d', 5)]);
    expect(await store.list('a')).toEqual([['a', bytes(2)]]);
    expect(await store.get('b')).toBeUndefined();
    expect(await store.get('c')).toBeUndefined();
    expect(await store.get('d')).toEqual(bytes(5));
  });

  test('takes a write with a fault as a whole or not at all', async () => {
    await store.write([put('a', 1)]);
    await expect(store.write([put('a', 2), put('umlaut/ä', 1)])).rejects.toThrow('visible ASCII');
    await expect(store.write([{ delete: 'a' }, { delete: '' }])).rejects.toThrow('visible ASCII');
    const tooLarge = new Uint8Array(16 * 1024 * 1024 + 1);
    await expect(store.write([put('a', 3), { put: 'b', value: tooLarge }])).rejects.toThrow('at most');
    expect(await store.list('a')).toEqual([['a', bytes(1)]]);
  });

  test('refuses questions that no key can answer', async () => {
    await expect(store.get('a b')).rejects.toThrow(RangeError);
    await expect(store.list('')).rejects.toThrow(RangeError);
    await expect(store.list('a', { limit: 0 })).rejects.toThrow(RangeError);
    await expect(store.list('a', { after: 'x'.repeat(513) })).rejects.toThrow(RangeError);
  });

  test('lists bytewise in order, and only what begins with the prefix', async () => {
    const keys = ['m/b', 'm/B', 'm/a/1', 'm/a', 'm/~', 'm/!', 'm', 'm0', 'n/a', 'l/z'];
    await store.write(keys.map((key) => put(key, 1)));
    const inside = ['m/!', 'm/B', 'm/a', 'm/a/1', 'm/b', 'm/~'];
    expect(keysOf(await store.list('m/'))).toEqual(inside);
    expect(keysOf(await store.list('m/', { reverse: true }))).toEqual(inside.toReversed());
    expect(await store.list('m/c')).toEqual([]);
  });

  test('goes on behind a key in either direction, also one that is not there or outside', async () => {
    await store.write([1, 3, 5, 7].map((place) => put(`m/${sortable(place)}`, place)));
    const places = async (options: Parameters<Store['list']>[1]): Promise<number[]> =>
      (await store.list('m/', options)).map(([, [place = 0]]) => place);
    expect(await places({ after: `m/${sortable(3)}` })).toEqual([5, 7]);
    expect(await places({ after: `m/${sortable(4)}`, limit: 1 })).toEqual([5]);
    expect(await places({ after: `m/${sortable(7)}` })).toEqual([]);
    expect(await places({ after: 'a' })).toEqual([1, 3, 5, 7]);
    expect(await places({ after: 'z' })).toEqual([]);
    expect(await places({ after: `m/${sortable(5)}`, reverse: true })).toEqual([3, 1]);
    expect(await places({ after: `m/${sortable(1)}`, reverse: true })).toEqual([]);
    expect(await places({ after: 'z', reverse: true, limit: 2 })).toEqual([7, 5]);
    expect(await places({ after: 'a', reverse: true })).toEqual([]);
  });

  test('lets nobody change what lies in it from outside', async () => {
    const value = bytes(1, 2);
    const written = store.write([{ put: 'a', value }]);
    value[0] = 9;
    await written;
    const [got, [listed]] = [await store.get('a'), await store.list('a')];
    got?.fill(9);
    listed?.[1].fill(9);
    expect(await store.get('a')).toEqual(bytes(1, 2));
  });

  test('keeps a part of a buffer without the rest', async () => {
    const whole = new Uint8Array(1000).fill(7);
    await store.write([{ put: 'a', value: whole.subarray(10, 12) }]);
    const value = await store.get('a');
    expect(value).toEqual(bytes(7, 7));
    expect(value?.buffer.byteLength).toBe(2);
  });

  test('shows a read what was written before it, awaited or not, and keeps the order of writes', async () => {
    const writes = [1, 2, 3].map((value) => store.write([put('a', value)]));
    expect(await store.get('a')).toEqual(bytes(3));
    await Promise.all(writes);
    expect(await store.get('a')).toEqual(bytes(3));
  });

  test('finishes what is under way before it closes', async () => {
    const write = store.write([put('a', 1)]);
    await reopen();
    await write;
    expect(await store.get('a')).toEqual(bytes(1));
  });

  test('holds values of 300 KB', async () => {
    const value = new Uint8Array(300_000).map((_, index) => index * 31);
    await store.write([{ put: 'keys/large', value }]);
    await reopen();
    const kept = await store.get('keys/large');
    expect(kept?.length).toBe(value.length);
    expect(kept?.every((byte, index) => byte === value[index])).toBe(true);
  });

  test('holds 10,000 keys and reads them in pages', async () => {
    const all = Array.from({ length: 10_000 }, (_, index) => `m/${sortable(index)}`);
    for (let from = 0; from < all.length; from += 1000) {
      await store.write(all.slice(from, from + 1000).map((key) => put(key, 1)));
    }
    const found: string[] = [];
    for (let page = await store.list('m/', { limit: 700 }); page.length > 0; ) {
      found.push(...keysOf(page));
      page = await store.list('m/', { limit: 700, after: found.at(-1) ?? '' });
    }
    expect(found).toEqual(all);
    expect(keysOf(await store.list('m/', { reverse: true, limit: 50 }))).toEqual(all.slice(-50).reverse());
  });

  test('has one owner at a time', async () => {
    await expect(medium.open()).rejects.toThrow(StoreInUse);
    await store.write([put('a', 1)]);
    await store.close();
    const next = await medium.open();
    await expect(medium.open()).rejects.toThrow(StoreInUse);
    await next.close();
    store = await medium.open();
    expect(await store.get('a')).toEqual(bytes(1));
  });

  test('refuses everything once it is closed, and may be closed twice', async () => {
    await store.close();
    await store.close();
    await expect(store.get('a')).rejects.toThrow(StoreClosed);
    await expect(store.list('a')).rejects.toThrow(StoreClosed);
    await expect(store.write([put('a', 1)])).rejects.toThrow(StoreClosed);
    await expect(store.wipe()).rejects.toThrow(StoreClosed);
  });

  test('is empty and closed after a wipe, and can be begun anew', async () => {
    await store.write([put('a', 1), put('b', 2)]);
    await store.wipe();
    await expect(store.get('a')).rejects.toThrow(StoreClosed);
    store = await medium.open();
    expect(await store.list('a')).toEqual([]);
    await store.write([put('a', 3)]);
    expect(await store.get('a')).toEqual(bytes(3));
  });

  test('does what a sorted map does, whatever comes in whatever order', async () => {
    const key = fc.constantFrom('a', 'a/', 'a/1', 'a/1/x', 'a/2', 'a0', 'b/1');
    const change = fc.oneof(
      fc.record({ put: key, value: fc.uint8Array({ maxLength: 5 }) }),
      fc.record({ delete: key }),
    );
    const question = fc.record(
      { prefix: key, after: key, limit: fc.integer({ min: 1, max: 4 }), reverse: fc.boolean() },
      { requiredKeys: ['prefix'] },
    );
    const step = fc.oneof(
      fc.record({ write: fc.array(change, { maxLength: 6 }) }),
      fc.record({ ask: question }),
      fc.constant({ reopen: true }),
    );
    const model = new Map<string, Uint8Array>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        for (const each of steps) {
          if ('reopen' in each) await reopen();
          else if ('write' in each) {
            await store.write(each.write);
            for (const done of each.write) {
              if ('delete' in done) model.delete(done.delete);
              else model.set(done.put, done.value);
            }
          } else {
            const { prefix, ...options } = each.ask;
            expect(await store.list(prefix, options)).toEqual(listed(model, prefix, options));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

type Question = { after?: string; limit?: number; reverse?: boolean };

function listed(
  model: Map<string, Uint8Array>,
  prefix: string,
  { after, limit, reverse }: Question,
): unknown[] {
  const entries = [...model].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (reverse) entries.reverse();
  const behind = entries.filter(([key]) => after === undefined || (reverse ? key < after : key > after));
  return behind.slice(0, limit).map(([key, value]) => [key, new Uint8Array(value)]);
}
