import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import { type Author, ifAbsent, ifNewest } from './newest.ts';

type Reaction = Extract<Content, { type: 'application/x-securechat-reaction' }>;

/** An emoji by UTS #51: a flag, a keycap, or pictographs with their modifiers and joiners. Includes code points that Unicode reserves for emoji. */
const EMOJI =
  /^(\p{RI}{2}|[\d#*]\ufe0f?\u20e3|\p{ExtPict}(\p{EMod}|\ufe0f|\u200d\p{ExtPict}|[\u{e0020}-\u{e007f}])*)$/u;

export const isEmoji = (text: string): boolean => EMOJI.test(text);

/** One per user and message; the newest wins. */
export async function applyReaction(core: Core, step: Step, by: Author, reaction: Reaction): Promise<void> {
  const { emoji, messageId } = reaction.body;
  // a modified client could otherwise put arbitrary text below others' messages
  if (emoji !== undefined && !isEmoji(emoji)) return;
  const found = await entryOf(step, messageId);
  if (!found) return ifAbsent(core, step, by, reaction);
  if (found.entry.body.type === 'deleted') return;
  const entry = ifNewest(found.entry, by.from, by.place);
  if (!entry) return;
  const { [by.from]: _, ...others } = entry.reactions ?? {};
  const reactions = emoji === undefined ? others : { ...others, [by.from]: emoji };
  replaceEntry(step, found.position, { ...entry, reactions });
  step.draft.after(() => core.tell.message(step.id, messageId, false));
}
