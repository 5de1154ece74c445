import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import { type Author, ifAbsent, ifNewest, TEXT } from './newest.ts';

type Edit = Extract<Content, { type: 'application/x-securechat-edit' }>;

/** Applies an edit by the author of the message, from any of their devices; ignores others. */
export async function applyEdit(core: Core, step: Step, by: Author, edit: Edit): Promise<void> {
  const { messageId, ...text } = edit.body;
  const found = await entryOf(step, messageId);
  if (!found) return ifAbsent(core, step, by, edit);
  if (found.entry.from !== by.from || found.entry.body.type !== 'text') return;
  const entry = ifNewest(found.entry, TEXT, by.place);
  if (!entry) return;
  replaceEntry(step, found.position, {
    ...entry,
    body: { type: 'text', ...text },
    editedAtMs: by.sentAtMs,
  });
  step.draft.after(() => core.tell.message(step.id, messageId, false));
}
