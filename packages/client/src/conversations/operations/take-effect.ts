import type { GroupState } from '@securechat/crypto/e2ee';
import { decodeBase64, encodeBase64Url } from '@securechat/protocol';
import type { Notice } from '../../api/index.ts';
import type { Core } from '../core.ts';
import { arrivals } from '../membership/arrivals.ts';
import { noticeOf } from '../membership/follow.ts';
import { addressOf, type Log } from '../membership/log.ts';
import type { Operation } from '../membership/operation.ts';
import { type ConversationRecord, MAX_PAST_EPOCHS } from '../record.ts';
import type { Step } from '../step.ts';
import { positions } from '../timeline/positions.ts';
import { addEntry } from '../timeline/timeline.ts';

export type Effect = {
  readonly operation: Operation;
  /** The log after the operation. */
  readonly log: Log;
  /** Keys of the next epoch, if it leads to one. */
  readonly next: GroupState | undefined;
  /** Its position; unknown for an own operation known to be accepted only because others built on it. */
  readonly place: number | undefined;
  readonly newName: string | undefined;
};

/** Applies a judged operation, ours or another's: log, keys, name and notices. */
export function takeEffect(core: Core, step: Step, effect: Effect): void {
  const { operation, log, next, newName } = effect;
  const before = step.record;
  const place = effect.place ?? before.lastPlace;
  if (next) moveOn(core, step, effect);
  const self = addressOf(core.own.userId, core.own.deviceId);
  const isOut = operation.type === 'group_leave' ? operation.from === core.own.userId : !(self in log.leaves);
  step.change({
    log,
    lastPlace: Math.max(before.lastPlace, place),
    ...(newName === undefined ? {} : { name: newName }),
    since: arrivals(before, log),
    parted: undefined,
    membership: isOut ? (operation.type === 'group_leave' ? 'left' : 'removed') : 'member',
  });
  if (isOut) forgetKeys(step, before);
  const notices = before.purpose === 'own' ? [] : noticeOf(operation, newName, before.log);
  for (const [index, notice] of notices.entries()) {
    addNotice(core, step, operation, notice, { place: effect.place, index });
  }
  step.draft.after(() => core.outbox.wake(step.id));
}

/** Moves to the keys of the next epoch. After our own commit, messages of the previous epoch may still be in transit. */
function moveOn(core: Core, step: Step, { operation, log, next, place }: Effect): void {
  const { log: old, past, isLeafFresh } = step.record;
  const isOwn = operation.from === core.own.userId && operation.device_id === core.own.deviceId;
  step.setKeys(log.generation, log.epoch, next);
  const isOverlapping = isOwn && place !== undefined;
  const ended = isOverlapping
    ? [...past, { generation: old.generation, epoch: old.epoch, endsAt: place }]
    : past;
  if (!isOverlapping) step.setKeys(old.generation, old.epoch, undefined);
  for (const { generation, epoch } of ended.slice(0, -MAX_PAST_EPOCHS))
    step.setKeys(generation, epoch, undefined);
  step.change({
    past: ended.slice(-MAX_PAST_EPOCHS),
    epochSinceMs: core.now(),
    epochMessages: 0,
    isLeafFresh: isLeafFresh || isOwn,
  });
}

/** Deletes keys with which nothing more can be read or written. */
export function forgetKeys(step: Step, before: ConversationRecord): void {
  const { log } = step.record;
  for (const { generation, epoch } of [before.log, log, ...before.past])
    step.setKeys(generation, epoch, undefined);
  step.setPendingKeys(undefined);
  const { pending: _, ...rest } = step.record;
  step.record = { ...rest, past: [] };
}

/** Cannot collide with a message id, which holds no colon. */
export const noticeId = (digest: string, index: number): string =>
  `notice:${encodeBase64Url(decodeBase64(digest))}:${index}`;

export function addNotice(
  core: Core,
  step: Step,
  operation: Operation,
  notice: Notice,
  { place, index }: { place: number | undefined; index: number },
): void {
  const id = noticeId(step.record.log.head, index);
  const position =
    place !== undefined && index === 0
      ? positions.placed(place)
      : positions.behind(place ?? step.record.lastPlace, 9_000 + index);
  addEntry(step, position, {
    ...{ id, from: operation.from, deviceId: operation.device_id, sentAtMs: operation.timestamp * 1000 },
    ...(place === undefined ? {} : { place }),
    body: { type: 'notice', notice },
  });
  step.draft.after(() => core.tell.message(step.id, id, true));
}
