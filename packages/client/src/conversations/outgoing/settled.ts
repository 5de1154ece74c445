import type { Downstream } from '@securechat/protocol';
import type { OutboxItem } from '../../outbox/sealer.ts';
import { applyContent } from '../contents/apply.ts';
import type { Core } from '../core.ts';
import { begin, noticeOf } from '../membership/follow.ts';
import type { Operation } from '../membership/operation.ts';
import { readGroupId } from '../operations/group-id.ts';
import { addNotice } from '../operations/take-effect.ts';
import { keysOf, type PendingOperation } from '../record.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { moveEntry, replaceEntry } from '../timeline/timeline.ts';
import type { Waiting } from './enqueue.ts';
import { enqueueState, greet } from './greet.ts';
import type { Failed } from './outcomes.ts';
import { applyPending, dropPending, hasWelcomed } from './pending.ts';

/** The server stored the item: a message gets its place, an operation takes effect. */
export async function afterStored(
  core: Core,
  step: Step,
  item: OutboxItem,
  ack: Downstream<'ack'>,
): Promise<void> {
  const waiting = await step.draft.json<Waiting>(keysOf.intent(step.id, item.id));
  step.draft.delete(keysOf.intent(step.id, item.id));
  if (item.kind === 'operation') return operationStored(core, step, item, ack);
  if (!step.found) return;
  const { record } = step;
  step.change({
    lastPlace: Math.max(record.lastPlace, ack.conv_seq),
    epochMessages: record.epochMessages + 1,
  });
  if (!waiting || !('say' in waiting)) return;
  if (waiting.undo) {
    const { userId: from, deviceId } = core.own;
    const by = { id: item.id, from, deviceId, clientSeq: 0, expiresAt: undefined, isOwn: true };
    return applyContent(core, step, { ...by, sentAtMs: waiting.sentAtMs, place: ack.conv_seq }, waiting.say);
  }
  if (waiting.position === undefined) return;
  const entry = await step.draft.json<Entry>(keysOf.message(step.id, waiting.position));
  if (!entry) return;
  const placed = { ...entry, place: ack.conv_seq };
  await moveEntry(core, step, waiting.position, positions.placed(ack.conv_seq), placed);
  step.draft.after(() => core.tell.message(step.id, item.id, false));
}

async function operationStored(
  core: Core,
  step: Step,
  item: OutboxItem,
  ack: Downstream<'ack'>,
): Promise<void> {
  if (step.found?.dueCommit === item.id) clearDue(step);
  if (step.found?.pending?.operation.id === item.id) return applyPending(core, step, ack.conv_seq);
  const creation = await step.draft.json<PendingOperation>(keysOf.creation(step.id));
  if (!step.found && creation?.operation.id === item.id) await create(core, step, creation, ack);
}

/** A conversation created by this device, which the server has stored. */
export async function create(
  core: Core,
  step: Step,
  creation: PendingOperation,
  ack: Pick<Downstream<'ack'>, 'conv_seq' | 'server_ts_ms'>,
): Promise<void> {
  const { digest, leaves = {}, newName } = creation;
  const operation = creation.operation as Operation<'group_create'>;
  const keys = await step.pendingKeys();
  if (!keys) throw new Error('the keys are lost on this device');
  const log = begin(operation, digest, leaves, undefined);

  const purpose = readGroupId(core.engine.describe(keys).groupId)?.purpose ?? 'people';
  const peer =
    operation.kind === 'direct' ? operation.members.find((user) => user !== core.own.userId) : undefined;
  step.draft.delete(keysOf.creation(step.id));
  step.setPendingKeys(undefined);
  step.setKeys(log.generation, log.epoch, keys);
  step.record = {
    ...{ id: step.id, purpose, name: newName ?? '', log, membership: 'member' },
    ...(peer === undefined ? {} : { peer }),
    ...{ isRequest: false, isMuted: false, joinedPlace: ack.conv_seq, lastPlace: ack.conv_seq },
    ...{ activeAtMs: ack.server_ts_ms, epochSinceMs: core.now(), epochMessages: 0, isLeafFresh: true },
    ...{
      past: [],
      heard: {},
      since: {},
      nextLocal: 0,
      marks: {},
      readThrough: 0,
      unread: 0,
      threadReads: {},
    },
  };
  if (purpose === 'people') {
    for (const [index, notice] of noticeOf(operation, newName, undefined).entries()) {
      addNotice(core, step, operation, notice, { place: ack.conv_seq, index });
    }
  }
  if (operation.replaces && hasWelcomed(core, operation)) enqueueState(core, step);
  await greet(core, step);
}

/** The item will not be sent; undoes what was shown in anticipation. Without `failed`, nothing was left to do. */
export async function afterRefusal(
  core: Core,
  step: Step,
  item: OutboxItem,
  failed: Failed | undefined,
): Promise<void> {
  const waiting = await step.draft.json<Waiting>(keysOf.intent(step.id, item.id));
  step.draft.delete(keysOf.intent(step.id, item.id));
  if (item.kind === 'operation') {
    step.draft.delete(keysOf.creation(step.id));
    if (!step.found) return step.setPendingKeys(undefined);
    dropPending(step);
    if (step.record.dueCommit === item.id) clearDue(step);
    return;
  }
  if (!step.found || !waiting || !('say' in waiting)) return;
  if (waiting.position !== undefined) {
    const entry = await step.draft.json<Entry>(keysOf.message(step.id, waiting.position));
    if (!entry) return;
    replaceEntry(step, waiting.position, { ...entry, failure: failed?.name ?? 'DROPPED' });
    step.draft.after(() => core.tell.message(step.id, item.id, false));
  } else if (waiting.undo) {
    // loaded on first use: changes are rarely refused
    const { undo } = await import('./undo.ts');
    await undo(core, step, waiting.say, waiting.undo);
  }
}

function clearDue(step: Step): void {
  const { dueCommit: _, ...rest } = step.record;
  step.record = rest;
}
