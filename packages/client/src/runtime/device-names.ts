import { checked } from '../content/outgoing.ts';
import { BadContent, count, type Fields, id, list, object, text } from '../content/shape.ts';
import { deviceNamesKey } from '../conversations/contents/own.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { CannotDo } from '../conversations/operations/built.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import { ownConversationOf } from '../conversations/view/own-marks.ts';
import { type DeviceName, MAX_DEVICE_NAME, proposedName } from '../identity/device-name.ts';
import { fromBytes } from '../storage/json.ts';
import { welcomeKey } from './devices.ts';
import type { Runtime } from './runtime.ts';

/** More than an account has devices, also while some come and go. */
const MAX_NAMES = 100;

/** A device gets this name, and the others are told. Rejects with `BadContent` or `CannotDo`. */
export async function nameDevice(runtime: Runtime, deviceId: string, name: string): Promise<void> {
  if (name.trim() === '') throw new BadContent('a name is not blank');
  text({ name }, 'name', MAX_DEVICE_NAME);
  await deviceNames(runtime, { deviceId, name });
  runtime.core.tell.devices();
}

/**
 * The names of this account's devices: what each device has told, put together, and kept as what this device knows. `given` is a new one. A
 * device without a name gets that of its options; names of removed devices are forgotten.
 */
export async function deviceNames(
  runtime: Runtime,
  given?: { deviceId: string; name: string },
): Promise<ReadonlyMap<string, DeviceName>> {
  const { core } = runtime;
  const { deviceId: self } = core.own;
  const own = ownConversationOf(core.registry);
  // a step, because what others tell arrives in steps of the same conversation
  return core.registry.step(own?.id ?? deviceNamesKey(self), async (step) => {
    const told = await core.store.list(deviceNamesKey(''));
    const all = newestOf(told.flatMap(([, bytes]) => read(bytes)));
    const ids = devicesOf(runtime);
    const names = new Map([...all].filter(([deviceId]) => ids.has(deviceId)));
    if (given && !ids.has(given.deviceId))
      throw new CannotDo(`${given.deviceId} is no device of this account`);
    const naming = given ?? (ids.has(self) ? firstName(runtime, names) : undefined);
    if (naming) {
      // newer than the last one, also by a clock that is behind
      const at = Math.max(core.now(), (names.get(naming.deviceId)?.at ?? 0) + 1);
      names.set(naming.deviceId, { ...naming, at });
    }
    const isKept = told.every(([key]) => key === deviceNamesKey(self)) && names.size === all.size;
    if (!naming && isKept) return names;
    for (const [key] of told) step.draft.delete(key);
    const body = { names: [...names.values()] };
    if (names.size > 0) step.draft.putJson(deviceNamesKey(self), body);
    if (naming && own) enqueueContent(core, step, checked('application/x-securechat-device-names', body));
    else if (naming && ids.size > 1) step.draft.put(welcomeKey(self), new Uint8Array());
    await step.write();
    return names;
  });
}

function firstName({ core }: Runtime, names: ReadonlyMap<string, DeviceName>) {
  const { own, settings } = core;
  const name = proposedName(settings.deviceName);
  return name !== undefined && !names.has(own.deviceId) ? { deviceId: own.deviceId, name } : undefined;
}

/** Listed, or in the conversation of the own devices: a new one may be there before its list is here. */
function devicesOf({ core, pins }: Runtime): ReadonlySet<string> {
  const { userId } = core.own;
  const listed = pins.known(userId)?.devices ?? [];
  const leaves = Object.keys(ownConversationOf(core.registry)?.log.leaves ?? {});
  return new Set([
    ...listed.map(({ device_id }) => device_id),
    ...leaves.map((address) => address.slice(addressOf(userId, '').length)),
  ]);
}

function newestOf(all: readonly DeviceName[]): Map<string, DeviceName> {
  const newest = new Map<string, DeviceName>();
  for (const each of all)
    if (each.at > (newest.get(each.deviceId)?.at ?? -1)) newest.set(each.deviceId, each);
  return newest;
}

/** Another own device may run another version, or be broken: what is malformed is ignored. */
function read(bytes: Uint8Array): DeviceName[] {
  try {
    return list(fromBytes<Fields>(bytes), 'names', MAX_NAMES, (value) => {
      const fields = object(value, 'name');
      return {
        deviceId: id(fields, 'deviceId'),
        name: text(fields, 'name', MAX_DEVICE_NAME),
        at: count(fields, 'at'),
      };
    });
  } catch (error) {
    if (error instanceof BadContent) return [];
    throw error;
  }
}
