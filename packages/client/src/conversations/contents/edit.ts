import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import type { Arrival } from './apply.ts';

type Edit = Extract<Content, { type: 'application/x-securechat-edit' }>;
type Author = Pick<Arrival, 'from' | 'sentAtMs'>;

/** Applies an edit by the author of the message, from any of their devices; ignores others. */
export async function applyEdit(core: Core, step: Step, by: Author, { body }: Edit): Promise<void> {
  const { messageId, ...text } = body;
  const found = await entryOf(step, messageId);
  if (found?.entry.from !== by.from || found.entry.body.type !== 'text') return;
  replaceEntry(step, found.position, {
    ...found.entry,
    body: { type: 'text', ...text },
    editedAtMs: by.sentAtMs,
  });
  step.draft.after(() => core.tell.message(step.id, messageId, false));
}
