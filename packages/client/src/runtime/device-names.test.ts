import { expect, test } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import { checked } from '../content/outgoing.ts';
import { applyContent } from '../conversations/contents/apply.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { keysOf } from '../conversations/record.ts';
import { victim } from '../conversations/testing/victim.ts';
import { toBytes } from '../storage/json.ts';
import { deviceNames, nameDevice } from './device-names.ts';
import type { Runtime } from './runtime.ts';

/** A device `d_1` in the conversation of the own devices, together with `d_2`, and in one with others. */
async function device() {
  const { core, self, disk } = await victim([]);
  const { userId } = self.own;
  const leaves = Object.fromEntries(['d_1', 'd_2'].map((id) => [addressOf(userId, id), '']));
  for (const purpose of ['own', 'people']) {
    const log = { kind: 'group', roles: {}, leaves };
    const record = { id: `c_${purpose}`, purpose, log, membership: 'member', activeAtMs: 0 };
    await core.store.write([{ put: keysOf.record(record.id), value: toBytes(record) }]);
  }
  await core.registry.load();
  let nowMs = 1_000;
  const settings = { ...core.settings, deviceName: undefined as string | undefined };
  const clocked = { ...core, settings, now: () => nowMs };
  const pins = { known: () => self.list as SignedDeviceList | undefined };
  const runtime = { core: clocked, pins } as unknown as Runtime;
  const hear = async (names: unknown, { deviceId = 'd_2', purpose = 'own', isOwn = true } = {}) => {
    const by = { id: 'm_1', from: userId, deviceId, clientSeq: 1, sentAtMs: 1, place: 1, isOwn };
    await core.registry.step(`c_${purpose}`, async (step) => {
      const content = checked('application/x-securechat-device-names', { names });
      await applyContent(core, step, { ...by, expiresAt: undefined }, content);
      await step.write();
    });
  };
  return {
    ...{ runtime, hear, settings, disk },
    /** Removed from the account, and from its conversation. */
    async revoke() {
      pins.known = () => undefined;
      await core.registry.step('c_own', async (step) => {
        step.change({ membership: 'left' });
        await step.write();
      });
    },
    setClock: (ms: number) => {
      nowMs = ms;
    },
    names: async () =>
      Object.fromEntries(
        [...(await deviceNames(runtime)).values()].map(({ deviceId, name }) => [deviceId, name]),
      ),
  };
}

const called = (deviceId: string, name: string, at: number) => ({ deviceId, name, at });

test('names count only where no other account is, and from devices of this one', async () => {
  const { hear, names } = await device();
  await hear([called('d_1', 'by a group', 5)], { purpose: 'people' });
  await hear([called('d_1', 'by somebody else', 5)], { isOwn: false });
  expect(await names()).toEqual({});
  await hear([called('d_1', 'by an own device', 5)]);
  expect(await names()).toEqual({ d_1: 'by an own device' });
});

test('of several names of a device the newest counts, in whichever order they come', async () => {
  const { hear, names } = await device();
  await hear([called('d_1', 'second', 2), called('d_2', 'tablet', 1)]);
  await hear([called('d_1', 'first', 1)], { deviceId: 'd_1' });
  expect(await names()).toEqual({ d_1: 'second', d_2: 'tablet' });
  await hear([called('d_1', 'third', 3)]);
  expect(await names()).toEqual({ d_1: 'third', d_2: 'tablet' });
});

test('looking at names writes only what was not kept before', async () => {
  const { hear, names, disk } = await device();
  await hear([called('d_1', 'laptop', 1), called('d_2', 'tablet', 1), called('d_x', 'removed', 1)]);
  let writes = 0;
  const put = disk.put.bind(disk);
  disk.put = (key, value) => {
    writes++;
    put(key, value);
  };
  for (let looks = 0; looks < 3; looks++) expect(await names()).toEqual({ d_1: 'laptop', d_2: 'tablet' });
  expect(writes).toBe(1);
});

test('a name given by a clock that is behind is the newest all the same', async () => {
  const { hear, names, runtime } = await device();
  await hear([called('d_1', 'by a clock ahead', 1_000_000)]);
  await nameDevice(runtime, 'd_1', 'by ours');
  await hear([called('d_1', 'by a clock ahead', 1_000_000)]);
  expect(await names()).toEqual({ d_1: 'by ours' });
});

test.each<[string, unknown]>([
  ['no list', 'names'],
  ['nothing', undefined],
  ['a name that is no text', [{ deviceId: 'd_1', name: 5, at: 1 }]],
  ['a name that is too long', [called('d_1', 'x'.repeat(65), 1)]],
  ['half a character', [called('d_1', '\ud800', 1)]],
  ['a time that is none', [called('d_1', 'x', -1)]],
  ['too many', Array.from({ length: 101 }, (_, index) => called('d_1', 'x', index))],
])('%s is ignored', async (_what, told) => {
  const { hear, names } = await device();
  await hear([called('d_2', 'tablet', 1)]);
  await hear(told, { deviceId: 'd_1' });
  expect(await names()).toEqual({ d_2: 'tablet' });
});

test('names of devices that are not of the account are not kept, however many are told', async () => {
  const { hear, names, disk } = await device();
  const strangers = Array.from({ length: 50 }, (_, index) => called(`d_x${index}`, 'x'.repeat(64), 1));
  await hear([...strangers, called('d_2', 'tablet', 1)]);
  expect(await names()).toEqual({ d_2: 'tablet' });
  const kept = disk.keys('device-names/', 'device-names0');
  expect(kept).toEqual(['device-names/d_1']);
  expect(disk.get(kept[0] ?? '')?.length).toBeLessThan(100);
});

test('the name that an app proposes is for a device without one', async () => {
  const { names, settings, setClock } = await device();
  settings.deviceName = '  Firefox on Linux  ';
  expect(await names()).toEqual({ d_1: 'Firefox on Linux' });
  setClock(2_000);
  settings.deviceName = 'Chrome on Linux';
  expect(await names()).toEqual({ d_1: 'Firefox on Linux' });
});

test('a device that was removed learns nothing more, and does not fail over its name', async () => {
  const { names, settings, revoke } = await device();
  await revoke();
  settings.deviceName = 'Firefox on Linux';
  expect(await names()).toEqual({});
});
