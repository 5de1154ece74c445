import type { Content } from '../../content/types.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { mayDo } from '../membership/rights.ts';
import { forgetSent } from '../outgoing/seal-chat.ts';
import type { ConversationRecord } from '../record.ts';
import type { Step } from '../step.ts';
import type { Placed } from '../timeline/reading.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import { uncount } from '../timeline/unread.ts';
import { type Author, ifAbsent } from './newest.ts';

type Delete = Extract<Content, { type: 'application/x-securechat-delete' }>;

export async function applyDelete(core: Core, step: Step, by: Author, deletion: Delete): Promise<void> {
  const found = await entryOf(step, deletion.body.messageId);
  if (!found) return ifAbsent(core, step, by, deletion);
  if (mayDelete(step.record, by.from, found.entry)) await erase(core, step, found);
}

/** Erases the content from this device's store and keeps it from coming back. A notice stays. */
export async function erase(core: Core, step: Step, found: Placed): Promise<void> {
  if (found.entry.body.type === 'notice') return;
  const { editedAtMs: _, reactions: __, ...entry } = found.entry;
  uncount(core, step, entry);
  await forgetSent(core, step, entry);
  replaceEntry(step, found.position, { ...entry, body: { type: 'deleted' } });
  step.draft.after(() => core.tell.message(step.id, entry.id, false));
}

/** A user may delete own messages; owners and admins of a group also those of others. */
export function mayDelete({ log }: ConversationRecord, userId: string, { from }: { from: string }): boolean {
  return from === userId || (log.kind === 'group' && mayDo(lookUp(log.roles, userId), 'delete for others'));
}
