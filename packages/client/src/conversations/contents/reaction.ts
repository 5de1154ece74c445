import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import type { Arrival } from './apply.ts';

type Reaction = Extract<Content, { type: 'application/x-securechat-reaction' }>;

/** One for each user and message; the newest counts. */
export async function applyReaction(
  core: Core,
  step: Step,
  by: Pick<Arrival, 'from'>,
  { body }: Reaction,
): Promise<void> {
  const found = await entryOf(step, body.messageId);
  if (!found || found.entry.body.type === 'deleted') return;
  const { [by.from]: _, ...others } = found.entry.reactions ?? {};
  const reactions = body.emoji === undefined ? others : { ...others, [by.from]: body.emoji };
  replaceEntry(step, found.position, { ...found.entry, reactions });
  step.draft.after(() => core.tell.message(step.id, body.messageId, false));
}
