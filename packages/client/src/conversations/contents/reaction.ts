import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import type { Arrival } from './apply.ts';

type Reaction = Extract<Content, { type: 'application/x-securechat-reaction' }>;

/** An emoji as UTS #51 builds it: a flag, a keycap, or pictures with what is joined to them. Also what Unicode keeps room for. */
const EMOJI =
  /^(\p{RI}{2}|[\d#*]\ufe0f?\u20e3|\p{ExtPict}(\p{EMod}|\ufe0f|\u200d\p{ExtPict}|[\u{e0020}-\u{e007f}])*)$/u;

export const isEmoji = (text: string): boolean => EMOJI.test(text);

/** One for each user and message; the newest counts. */
export async function applyReaction(
  core: Core,
  step: Step,
  by: Pick<Arrival, 'from'>,
  { body }: Reaction,
): Promise<void> {
  const { emoji } = body;
  // a member whose client was changed would write below what others have said
  if (emoji !== undefined && !isEmoji(emoji)) return;
  const found = await entryOf(step, body.messageId);
  if (!found || found.entry.body.type === 'deleted') return;
  const { [by.from]: _, ...others } = found.entry.reactions ?? {};
  const reactions = emoji === undefined ? others : { ...others, [by.from]: emoji };
  replaceEntry(step, found.position, { ...found.entry, reactions });
  step.draft.after(() => core.tell.message(step.id, body.messageId, false));
}
