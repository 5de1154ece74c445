import type { Downstream } from '@securechat/protocol';
import type { Step } from '../step.ts';

/**
 * Whether the server refused an earlier form because it is ahead of us: the mailbox brings what we lack, and until then nothing can be
 * sealed again.
 */
export function isBehind(step: Step, because: Downstream<'error'> | undefined): boolean {
  if (!because || step.found?.membership !== 'member') return false;
  const { generation, epoch, heads } = step.record.log;
  const { epoch: toldEpoch, generation: toldGeneration = 0, previous_sha256: head } = because;
  if (toldEpoch === undefined) return false;
  if (toldGeneration !== generation) return toldGeneration > generation;
  if (toldEpoch !== epoch) return toldEpoch > epoch;
  return head !== undefined && !heads.includes(head);
}
