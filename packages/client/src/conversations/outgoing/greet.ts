import { checked } from '../../content/outgoing.ts';
import { profileKey, type Told } from '../contents/profile.ts';
import type { Core } from '../core.ts';
import { devicesOf } from '../membership/log.ts';
import type { Step } from '../step.ts';
import { enqueueContent } from './enqueue.ts';

/** Sends this user's profile after joining or adding somebody. Not to a stranger whose request is not accepted. */
export async function greet(core: Core, step: Step): Promise<void> {
  const { purpose, isRequest, membership } = step.record;
  if (purpose !== 'people' || isRequest || membership !== 'member') return;
  const own = await step.draft.json<Told>(profileKey(core.own.userId));
  if (own) enqueueContent(core, step, checked('application/x-securechat-profile', own));
}

/** Tells the devices that our operation added what they could not see: roles and name as they are now. */
export function enqueueState(core: Core, step: Step): void {
  const { log, name } = step.record;
  if (log.kind !== 'group' || log.unvouched) return;
  const having = (role: string): string[] =>
    Object.keys(log.roles).filter((user) => log.roles[user] === role);
  const deviceless = Object.keys(log.roles).filter((user) => devicesOf(log, user).length === 0);
  const roles = { owners: having('owner'), admins: having('admin'), deviceless };
  const told = { logHead: log.head, ...roles, groupName: name };
  enqueueContent(core, step, checked('application/x-securechat-state', told), { isFirst: true });
}
