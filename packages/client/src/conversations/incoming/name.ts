import { E2eeError, type GroupState } from '@securechat/crypto/e2ee';
import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { openName } from '../operations/name.ts';
import type { Step } from '../step.ts';
import { alarmOf } from './alarms.ts';

/** An unreadable name is ignored: the operation is valid without it, and later ones build on it. */
export async function nameIn(
  core: Core,
  step: Step,
  state: GroupState,
  operation: Downstream<'group_create' | 'group_update'>,
): Promise<string | undefined> {
  try {
    return await openName(core, state, operation);
  } catch (error) {
    if (!(error instanceof E2eeError)) throw error;
    step.draft.after(() => core.tell.alarm(alarmOf(operation, 'undecryptable', 'the name cannot be read')));
    return undefined;
  }
}
