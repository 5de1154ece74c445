import type { GroupState } from '@securechat/crypto/e2ee';
import type { Downstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { applyPending } from '../outgoing/pending.ts';
import type { Step } from '../step.ts';
import { Refused } from './alarms.ts';

export type EpochKeys = { generation: number; epoch: number; state: GroupState };

/**
 * The keys a message was sealed with: those of the newest epoch; of an epoch that an own commit ended, if the message is placed before
 * that commit; or of the epoch our own unanswered commit leads to, since only we could have led there. Undefined when the message belongs
 * to an epoch it may not be from.
 */
export async function keysFor(
  core: Core,
  step: Step,
  chat: Downstream<'chat'>,
): Promise<EpochKeys | undefined> {
  const { epoch, generation = 0 } = chat;
  if (isNextOfPending(step, generation, epoch)) await applyPending(core, step, undefined);
  const { log, past } = step.record;
  if (generation === log.generation && epoch === log.epoch) {
    const state = await step.keys(generation, epoch);
    return state && { generation, epoch, state };
  }
  const ended = past.find((each) => each.generation === generation && each.epoch === epoch);
  if (!ended) return undefined;
  if (chat.delivery.conv_seq > ended.endsAt)
    throw new Refused('fork', 'it stands behind the end of its epoch');
  const state = await step.keys(generation, epoch);
  return state && { generation, epoch, state };
}

/** Our commit's acknowledgement is still on its way, overtaken by a message that depends on the commit. */
function isNextOfPending(step: Step, generation: number, epoch: number): boolean {
  const { log, pending } = step.record;
  return (
    pending?.leaves !== undefined &&
    pending.operation.type !== 'group_create' &&
    generation === log.generation &&
    epoch === log.epoch + 1
  );
}

/** Drops keys of epochs from which nothing more can arrive: something placed after their end has arrived. */
export function forgetPast(step: Step, place: number): void {
  const { past } = step.record;
  const over = past.filter(({ endsAt }) => endsAt < place);
  if (over.length === 0) return;
  for (const { generation, epoch } of over) step.setKeys(generation, epoch, undefined);
  step.change({ past: past.filter((each) => !over.includes(each)) });
}
