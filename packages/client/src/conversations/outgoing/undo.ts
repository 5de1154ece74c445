import type { Content } from '../../content/types.ts';
import { lookUp } from '../../look-up.ts';
import { TEXT } from '../contents/newest.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';

type Undo = { readonly messageId: string; readonly entry: unknown };

/** Takes back a change that the server has refused, and only that: others may have changed the line since. */
export async function undo(core: Core, step: Step, say: Content, { messageId, entry }: Undo): Promise<void> {
  const found = await entryOf(step, messageId);
  if (!found) return;
  replaceEntry(step, found.position, without(say, found.entry, entry as Entry, core.own.userId));
  step.draft.after(() => core.tell.message(step.id, messageId, false));
}

function without({ type }: Content, now: Entry, before: Entry, own: string): Entry {
  if (type === 'application/x-securechat-delete') return before;
  const isEdit = type === 'application/x-securechat-edit';
  const placeIn = ({ changed = {} }: Entry) => lookUp(changed, isEdit ? TEXT : own);
  if (now.body.type === 'deleted' || placeIn(now) !== placeIn(before)) return now;
  if (isEdit) {
    const { editedAtMs: _, ...rest } = now;
    const { body, editedAtMs } = before;
    return { ...rest, body, ...(editedAtMs === undefined ? {} : { editedAtMs }) };
  }
  const { [own]: __, ...reactions } = now.reactions ?? {};
  const emoji = lookUp(before.reactions ?? {}, own);
  return { ...now, reactions: emoji === undefined ? reactions : { ...reactions, [own]: emoji } };
}
