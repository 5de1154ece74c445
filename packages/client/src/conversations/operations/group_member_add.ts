import { lookUp } from '../../look-up.ts';
import { type Packages, packagesOf } from '../keys/packages.ts';
import { userOf } from '../membership/log.ts';
import { mayDo } from '../membership/rights.ts';
import type { Build } from './built.ts';
import { CannotDo, standing, withCommit } from './built.ts';

export type AddIntent = { type: 'group_member_add'; users: readonly string[]; packages?: Packages };

/** Adds users, with all their devices for which there is a key package. */
export const buildMemberAdd: Build<AddIntent> = async (core, step, intent, id) => {
  const { log } = step.record;
  const targets = intent.users.filter((user) => !lookUp(log.roles, user));
  if (targets.length === 0) return 'moot';
  if (log.kind !== 'group') throw new CannotDo('nobody joins a direct conversation');
  if (!mayDo(lookUp(log.roles, core.own.userId), 'add'))
    throw new CannotDo('only owners and admins add members');
  const add = packagesOf(intent.packages ?? {}, (address) => targets.includes(userOf(address)));
  const devices = Object.keys(add);
  for (const user of targets) {
    if (!devices.some((address) => userOf(address) === user))
      throw new CannotDo(`${user} has no device to add: one must connect first`);
  }
  const fields = {
    ...standing(core, step, 'group_member_add', id),
    targets,
    added_devices: devices,
    welcome_to: devices,
  };
  return withCommit(core, step, fields, { add, remove: [] });
};
