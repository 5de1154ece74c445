import type { DeviceRef, Leaf } from './engine.ts';
import { E2eeError } from './errors.ts';

/** The leaf of a device claiming membership; throws E2eeError `binding` if it has none. */
export function findLeaf(leaves: readonly Leaf[], device: DeviceRef): Leaf {
  const leaf = leaves.find(
    ({ userId, deviceId }) => userId === device.userId && deviceId === device.deviceId,
  );
  if (leaf === undefined) throw new E2eeError('binding');
  return leaf;
}
