import type { Role } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import { isStepDown, mayDo } from '../membership/rights.ts';
import { type Build, CannotDo, keysNow, standing } from './built.ts';
import { sealName } from './name.ts';

export type UpdateIntent = { type: 'group_update'; name?: string; user?: string; role?: Role };

/** Changes a role or the group's name. The keys stay. */
export const buildUpdate: Build<UpdateIntent> = async (core, step, { name, user, role }, id) => {
  const { log } = step.record;
  const own = lookUp(log.roles, core.own.userId);
  const fields = standing(core, step, 'group_update', id);
  if (log.kind !== 'group') throw new CannotDo('a direct conversation has no name or roles');
  if (name !== undefined) {
    if (!mayDo(own, 'name')) throw new CannotDo('only owners and admins rename a group');
    const sealed = await sealName(core, await keysNow(step), step.id, name);
    return { operation: { ...fields, name: sealed }, newName: name };
  }
  if (user === undefined || role === undefined) return 'moot';
  const held = lookUp(log.roles, user);
  if (held === role) return 'moot';
  if (held === undefined) throw new CannotDo(`${user} is no member`);
  const mayGive = mayDo(own, 'promote', held) || (user === core.own.userId && isStepDown(held, role));
  if (!mayGive) throw new CannotDo(`your role may not make ${user} ${role}`);
  return { operation: { ...fields, targets: [user], role } };
};
