import { checked, profileContent } from '../../content/outgoing.ts';
import { loadProfile } from '../contents/profile.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { enqueueContent } from './enqueue.ts';

/** Whoever comes in, or lets somebody in, says who one is. Not to strangers who have only asked. */
export async function greet(core: Core, step: Step): Promise<void> {
  const { purpose, isRequest, membership } = step.record;
  if (purpose !== 'people' || isRequest || membership !== 'member') return;
  const own = await loadProfile(step.draft, core.own.userId);
  if (own) enqueueContent(core, step, profileContent(own));
}

/** Tells whom an operation of ours has brought in what it could not see: roles and name, as they are behind it. */
export function enqueueState(core: Core, step: Step): void {
  const { log, name } = step.record;
  if (log.kind !== 'group' || log.unvouched) return;
  const having = (role: string): string[] =>
    Object.keys(log.roles).filter((user) => log.roles[user] === role);
  const told = { logHead: log.head, owners: having('owner'), admins: having('admin'), groupName: name };
  enqueueContent(core, step, checked('application/x-securechat-state', told), { isFirst: true });
}
