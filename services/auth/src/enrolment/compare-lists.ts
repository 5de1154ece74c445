import { isDeepStrictEqual } from 'node:util';
import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import { refuse } from './outcome.ts';

/** The one device that `next` adds to `previous`; all others must be unchanged, in any order. */
export function findAddedDevice(previous: SignedDeviceList, next: SignedDeviceList): DeviceCertificate {
  const added = findSurplus(previous, next, 'an earlier device is missing or changed');
  if (!added) refuse('conflict', '/list/devices: not exactly one device is new');
  return added;
}

/** The one device that `next` removes from `previous`; all others must be unchanged, in any order. */
export function findRemovedDevice(previous: SignedDeviceList, next: SignedDeviceList): DeviceCertificate {
  const removed = findSurplus(next, previous, 'a device is new or changed');
  if (!removed) refuse('conflict', '/list/devices: not exactly one device is gone');
  return removed;
}

/** The only device of a list that keeps none of the previous ones. */
export function findReplacement(previous: SignedDeviceList, next: SignedDeviceList): DeviceCertificate {
  const [device, ...more] = next.devices;
  const isKept = previous.devices.some(({ device_id }) => device_id === device?.device_id);
  if (!device || more.length > 0 || isKept)
    refuse('conflict', '/list/devices: not exactly one device, and that a new one');
  return device;
}

/** The device that `larger` has in addition to all of `smaller`, if exactly one. */
function findSurplus(
  smaller: SignedDeviceList,
  larger: SignedDeviceList,
  fault: string,
): DeviceCertificate | undefined {
  const surplus = new Map(larger.devices.map((device) => [device.device_id, device]));
  for (const device of smaller.devices) {
    if (!isDeepStrictEqual(surplus.get(device.device_id), device))
      refuse('conflict', `/list/devices: ${fault}`);
    surplus.delete(device.device_id);
  }
  const [only, ...more] = surplus.values();
  return more.length > 0 ? undefined : only;
}
