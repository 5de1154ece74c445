import type { WaitOptions } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import type { Changes } from './change.ts';
import { hasOnlyNewDevices } from './new-devices.ts';

/** Members who came back by the recovery code are removed before: nobody can be added who is a member. */
export async function add(
  core: Core,
  changes: Changes,
  id: string,
  users: readonly string[],
  wait?: WaitOptions,
): Promise<void> {
  const { roles = {} } = core.registry.get(id)?.log ?? {};
  for (const user of users)
    if (lookUp(roles, user) && (await hasOnlyNewDevices(core, id, user, wait?.signal)))
      await changes.remove(id, user, wait);
  await changes.do(id, { type: 'group_member_add', users }, wait);
}
