import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import type { CommitIntent } from '../operations/group_commit.ts';
import type { Step } from '../step.ts';
import { enqueueIntent } from './enqueue.ts';

/**
 * Whether the conversation needs a commit before a message is sealed. If so it is queued first, and the message waits: returns true as
 * long as that lasts.
 */
export async function commitNeeded(
  core: Core,
  step: Step,
  because: Downstream<'error'> | undefined,
): Promise<boolean> {
  const intent = commitDue(core, step, because);
  if (!intent) return false;
  if (step.record.dueCommit === undefined) {
    step.change({ dueCommit: enqueueIntent(core, step, intent, { isFirst: true }) });
  }
  return true;
}

function commitDue(
  core: Core,
  step: Step,
  because: Downstream<'error'> | undefined,
): CommitIntent | undefined {
  const { log, isLeafFresh, epochMessages, epochSinceMs } = step.record;
  const { rotateAfterMessages, rotateAfterMs } = core.settings;
  const present = (because?.removed_devices ?? []).filter((address) => address in log.leaves);
  if (log.due.length > 0 || present.length > 0)
    return { type: 'group_commit', why: 'due', devices: [...present, ...log.due] };
  if (!isLeafFresh) return { type: 'group_commit', why: 'joined' };
  const isAsked =
    because?.error_code === 'COMMIT_REQUIRED' &&
    because.epoch === log.epoch &&
    (because.generation ?? 0) === log.generation;
  const isOld = core.now() - epochSinceMs >= rotateAfterMs;
  if (!isAsked && !isOld && epochMessages < rotateAfterMessages) return undefined;
  return { type: 'group_commit', why: 'rotation', generation: log.generation, epoch: log.epoch };
}
