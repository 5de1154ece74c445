import { describe, expect, test } from '@jest/globals';
import { credentialIdentity, decodeBase64, type SignedDeviceList } from '@securechat/protocol';
import { openMemoryStore } from '../storage/memory.ts';
import type { Store } from '../storage/store.ts';
import { firstDeviceList, nextDeviceList } from './device-list.ts';
import { type AccountKey, createAccountKey, createDeviceKey, type DeviceKey } from './keys.ts';
import { type PinEvents, Pins } from './pins.ts';

const NOW = 1_795_651_200;

type Account = { userId: string; key: AccountKey; device: DeviceKey; lists: SignedDeviceList[] };

/** Bob's account, with this many versions of his list. */
async function account(userId = 'bob', versions = 1): Promise<Account> {
  const owner = { userId, key: await createAccountKey(), device: await createDeviceKey() };
  const lists = [await firstDeviceList(owner, owner.device, NOW)];
  while (lists.length < versions)
    lists.push(await nextDeviceList(owner, lists.at(-1)!, { added: await createDeviceKey() }, NOW));
  return { ...owner, lists };
}

/** A server that shows these lists, and a user asking it. */
async function open(shown: { list?: SignedDeviceList }, store?: Store) {
  let questions = 0;
  const connection = {
    request: async () => {
      questions++;
      return { type: 'device_list' as const, ref: 'q', ...shown.list! };
    },
  };
  const disk = store ?? (await openMemoryStore());
  const pins = await Pins.open({ store: disk, connection: connection as never });
  const events: { [K in keyof PinEvents]: PinEvents[K][] } = { devices: [], keyChange: [] };
  pins.on('devices', (event) => events.devices.push(event));
  pins.on('keyChange', (event) => events.keyChange.push(event));
  return { pins, events, store: disk, asked: () => questions };
}

test('the first key that is seen is pinned, and known without asking again, also after a restart', async () => {
  const bob = await account();
  const shown = { list: bob.lists[0]! };
  const { pins, events, store, asked } = await open(shown);
  expect(pins.trust('bob')).toBe('new');
  expect(await Promise.all([pins.list('bob'), pins.list('bob')])).toEqual([shown.list, shown.list]);
  expect(await pins.list('bob')).toEqual(shown.list);
  expect([pins.trust('bob'), asked(), events.devices]).toEqual([
    'pinned',
    1,
    [{ userId: 'bob', list: shown.list, isNew: true }],
  ]);
  await pins.markVerified('bob');
  const again = await open(shown, store);
  expect([again.pins.trust('bob'), again.pins.accountKey('bob')]).toEqual(['verified', bob.key.publicKey]);
});

test('a newer list of the same account is taken, whether or not one was missed', async () => {
  const bob = await account('bob', 4);
  const shown = { list: bob.lists[0]! };
  const { pins, events } = await open(shown);
  await pins.list('bob');
  await pins.markVerified('bob');
  for (const version of [1, 3]) {
    shown.list = bob.lists[version]!;
    expect((await pins.list('bob', { isFresh: true })).version).toBe(version + 1);
  }
  expect(events.devices.map(({ list, isNew }) => [list.version, isNew])).toEqual([
    [1, true],
    [2, false],
    [4, false],
  ]);
  expect(pins.trust('bob')).toBe('verified');
});

describe('a list that no honest server sends is refused, and has no effect', () => {
  const refusal = async (known: SignedDeviceList, bad: SignedDeviceList): Promise<unknown> => {
    const shown = { list: known };
    const { pins, events } = await open(shown);
    await pins.list('bob');
    shown.list = bad;
    const error = await pins.list('bob', { isFresh: true }).catch((reason: unknown) => reason);
    expect([pins.known('bob'), pins.trust('bob'), events.devices.length]).toEqual([known, 'pinned', 1]);
    expect(error).toMatchObject({ name: 'DeviceListRefused', isRetryable: false });
    return (error as { because: string }).because;
  };

  test('an older version', async () => {
    const { lists } = await account('bob', 2);
    expect(await refusal(lists[1]!, lists[0]!)).toBe('older');
  });

  test('two of the same version', async () => {
    const bob = await account();
    const other = await firstDeviceList(bob, await createDeviceKey(), NOW);
    expect(await refusal(bob.lists[0]!, other)).toBe('forked');
  });

  test('one that goes on from another one', async () => {
    const bob = await account();
    const other = await firstDeviceList(bob, await createDeviceKey(), NOW);
    const next = await nextDeviceList(bob, other, { added: await createDeviceKey() }, NOW);
    expect(await refusal(bob.lists[0]!, next)).toBe('forked');
  });

  test('one with a device that the account key has not certified', async () => {
    const [bob, mallory] = [await account('bob', 2), await account('bob')];
    const [known, next] = bob.lists as [SignedDeviceList, SignedDeviceList];
    const devices = [...next.devices.slice(0, 1), mallory.lists[0]!.devices[0]!];
    expect(await refusal(known, { ...next, devices })).toBe('bad_signature');
    expect(await refusal(known, { ...next, signature: known.signature })).toBe('bad_signature');
    const twice = [next.devices[0]!, next.devices[0]!];
    expect(await refusal(known, { ...next, devices: twice })).toBe('twice_the_same');
  });

  test('that of somebody else', async () => {
    const [bob, carl] = [await account(), await account('carl')];
    expect(await refusal(bob.lists[0]!, carl.lists[0]!)).toBe('not_theirs');
  });
});

describe('another account key', () => {
  const changed = async () => {
    const [bob, other] = [await account(), await account()];
    const shown = { list: bob.lists[0]! };
    const opened = await open(shown);
    await opened.pins.list('bob');
    await opened.pins.markVerified('bob');
    shown.list = other.lists[0]!;
    await expect(opened.pins.list('bob', { isFresh: true })).rejects.toMatchObject({
      name: 'AccountKeyChanged',
      userId: 'bob',
    });
    return { bob, other, shown, ...opened };
  };

  test('is told once, is never used silently, and survives a restart', async () => {
    const { bob, other, pins, events, shown, store } = await changed();
    expect(events.keyChange).toEqual([
      { userId: 'bob', pinnedKey: bob.key.publicKey, shownKey: other.key.publicKey, wasVerified: true },
    ]);
    await expect(pins.list('bob', { isFresh: true })).rejects.toThrow('has changed');
    await expect(pins.list('bob')).rejects.toThrow('has changed');
    await expect(pins.markVerified('bob')).rejects.toThrow('has changed');
    expect([events.keyChange.length, pins.trust('bob'), pins.accountKey('bob')]).toEqual([
      1,
      'changed',
      bob.key.publicKey,
    ]);
    expect(pins.keyToCompare('bob')).toEqual(other.key.publicKey);
    expect((await open(shown, store)).pins.trust('bob')).toBe('changed');
  });

  test('is pinned when a person accepts it, and is not verified', async () => {
    const { other, pins, shown } = await changed();
    await pins.acceptKeyChange('bob');
    expect([pins.trust('bob'), pins.accountKey('bob')]).toEqual(['pinned', other.key.publicKey]);
    expect(await pins.list('bob', { isFresh: true })).toEqual(shown.list);
  });

  test('that is followed by a third one cannot be exchanged under the hand of the person who accepts it', async () => {
    const { other, pins, shown, events } = await changed();
    shown.list = (await account()).lists[0]!;
    await expect(pins.list('bob', { isFresh: true })).rejects.toThrow('has changed');
    expect(events.keyChange).toHaveLength(2);
    await pins.acceptKeyChange('bob');
    expect(pins.accountKey('bob')).toEqual(other.key.publicKey);
  });

  test('that is gone again changes nothing', async () => {
    const { bob, pins, shown } = await changed();
    shown.list = bob.lists[0]!;
    await pins.list('bob', { isFresh: true });
    expect([pins.trust('bob'), pins.accountKey('bob')]).toEqual(['verified', bob.key.publicKey]);
  });
});

test('a leaf is that of a device of the newest list, and of nobody else', async () => {
  const bob = await account('bob', 2);
  const [first, second] = bob.lists as [SignedDeviceList, SignedDeviceList];
  const shown = { list: second };
  const { pins } = await open(shown);
  await pins.list('bob');
  const leafOf = (list: SignedDeviceList, index: number) => ({
    identity: credentialIdentity(list, list.devices[index]!),
    publicKey: decodeBase64(list.devices[index]!.public_key),
  });
  const leaf = leafOf(first, 0);
  expect(await pins.authenticate(leaf)).toMatchObject({ userId: 'bob', deviceId: bob.device.deviceId });
  expect(await pins.authenticate({ ...leaf, publicKey: leafOf(second, 1).publicKey })).toBeUndefined();
  const mallory = await account('bob');
  expect(await pins.authenticate(leafOf(mallory.lists[0]!, 0))).toBeUndefined();

  shown.list = await nextDeviceList(bob, second, { removed: [bob.device.deviceId] }, NOW);
  await pins.list('bob', { isFresh: true });
  expect(await pins.authenticate(leaf)).toBeUndefined();
  expect(await pins.authenticate(leafOf(second, 1))).toMatchObject({ userId: 'bob' });
});
