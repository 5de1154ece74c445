import type { Content } from '../../content/types.ts';
import { takeAbsent } from '../contents/absent.ts';
import { type Arrival, applyContent } from '../contents/apply.ts';
import type { Core } from '../core.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { isMissing, MAX_ASKED } from '../timeline/entry.ts';
import { entryOf, removeEntry } from '../timeline/timeline.ts';
import { setAsked } from './ask.ts';
import { wantedIn } from './missing.ts';

type Repair = Extract<Content, { type: 'application/x-securechat-repair' }>;

/** A missing message arrives again from the device that sent it, and takes its proper position; or it stays missing. */
export async function takeRepair(core: Core, step: Step, by: Arrival, { body }: Repair): Promise<void> {
  const wanted = (await wantedIn(core, step)).find(
    ({ from, deviceId, clientSeq }) =>
      from === by.from && deviceId === by.deviceId && clientSeq === body.clientSeq,
  );
  const found = wanted && (await entryOf(step, wanted.messageId));
  if (!wanted || !found || !isMissing(found.entry)) return;
  const { entry, position } = found;
  if (body.isRefused) return setAsked(core, step, { entry, position }, MAX_ASKED + 1);
  step.draft.delete(keysOf.wanted(step.id, wanted.messageId));
  removeEntry(step, found.position, found.entry);
  step.draft.after(() => core.tell.count('repaired'));
  const { content } = body;
  // nobody misses it
  if (!content || body.id === undefined) {
    step.draft.after(() => core.tell.vanished(step.id, wanted.messageId));
    return;
  }
  // a gap has no message id of its own; the message filling it may be known by now
  const id = found.entry.body.reason === 'gap' ? body.id : wanted.messageId;
  if (await entryOf(step, id)) return;
  if (id !== wanted.messageId) step.draft.after(() => core.tell.vanished(step.id, wanted.messageId));
  const arrival: Arrival = {
    ...{ id, from: by.from, deviceId: by.deviceId, clientSeq: body.clientSeq, isOwn: by.isOwn },
    ...{ sentAtMs: body.sentAt * 1000, place: found.entry.place ?? by.place, position: found.position },
    expiresAt: content.expiresAt,
  };
  await applyContent(core, step, arrival, content);
  await takeAbsent(core, step, id);
}
