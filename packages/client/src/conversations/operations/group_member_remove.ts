import { lookUp } from '../../look-up.ts';
import { devicesOf } from '../membership/log.ts';
import { mayDo } from '../membership/rights.ts';
import { type Build, CannotDo, standing, withCommit } from './built.ts';

export type RemoveIntent = { type: 'group_member_remove'; user: string };

/** Removes a member with all devices; it is the last operation they receive. */
export const buildMemberRemove: Build<RemoveIntent> = async (core, step, { user }, id) => {
  const { log } = step.record;
  const role = lookUp(log.roles, user);
  if (role === undefined) return 'moot';
  if (user === core.own.userId) throw new CannotDo('leave the group instead');
  if (!mayDo(lookUp(log.roles, core.own.userId), 'remove', role))
    throw new CannotDo(`your role may not remove ${user}`);
  const devices = devicesOf(log, user);
  const fields = {
    ...standing(core, step, 'group_member_remove', id),
    targets: [user],
    removed_devices: devices,
  };
  return withCommit(core, step, fields, { add: {}, remove: devices });
};
