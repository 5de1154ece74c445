import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Built } from './built.ts';
import { buildCommit, type CommitIntent } from './group_commit.ts';
import { buildCreate, type CreateIntent } from './group_create.ts';
import { buildLeave, type LeaveIntent } from './group_leave.ts';
import { type AddIntent, buildMemberAdd } from './group_member_add.ts';
import { buildMemberRemove, type RemoveIntent } from './group_member_remove.ts';
import { buildUpdate, type UpdateIntent } from './group_update.ts';

/** What is to be done, kept until it is. The operation itself is built when its turn comes, and rebuilt when another one won the race. */
export type Intent = CreateIntent | AddIntent | RemoveIntent | LeaveIntent | UpdateIntent | CommitIntent;

/** Builds the operation for an intent, given the conversation as it is now. */
export function build(core: Core, step: Step, intent: Intent, id: string): Promise<Built | 'moot'> {
  switch (intent.type) {
    case 'group_create':
      return buildCreate(core, step, intent, id);
    case 'group_member_add':
      return buildMemberAdd(core, step, intent, id);
    case 'group_member_remove':
      return buildMemberRemove(core, step, intent, id);
    case 'group_leave':
      return buildLeave(core, step, intent, id);
    case 'group_update':
      return buildUpdate(core, step, intent, id);
    case 'group_commit':
      return buildCommit(core, step, intent, id);
  }
}
