import { lookUp } from '../../look-up.ts';
import { devicesOf } from '../membership/log.ts';
import { type Build, standing } from './built.ts';
import type { Place } from './group_create.ts';

/** `told`: the server's account of the state, when this device cannot follow it. */
export type LeaveIntent = { type: 'group_leave'; told?: Place };

/** Leaves with all devices at once. The others' keys change when one of them commits. */
export const buildLeave: Build<LeaveIntent> = async (core, step, { told }, id) => {
  const { log } = step.record;
  if (!lookUp(log.roles, core.own.userId)) return 'moot';
  const { devices } = await core.people.list(core.own.userId);
  const active = new Set(devices.map(({ device_id }) => `${core.own.userId}:${device_id}`));
  const removed = devicesOf(log, core.own.userId).filter((address) => active.has(address));
  const operation = { ...standing(core, step, 'group_leave', id), removed_devices: removed };
  if (!told) return { operation };
  const { head, ...keys } = told;
  return { operation: { ...operation, ...keys, previous_sha256: head } };
};
