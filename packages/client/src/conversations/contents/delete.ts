import type { Content } from '../../content/types.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { mayDo } from '../membership/rights.ts';
import { forgetSent } from '../outgoing/seal-chat.ts';
import { type ConversationRecord, keysOf } from '../record.ts';
import { type Wanted, wantedIn } from '../repair/missing.ts';
import type { Step } from '../step.ts';
import { entryOf, replaceEntry } from '../timeline/timeline.ts';
import type { Arrival } from './apply.ts';

type Delete = Extract<Content, { type: 'application/x-securechat-delete' }>;

/** Ids remembered per missing message; the newest ones win. */
const MAX_DELETED = 64;

/** Erases the content from this device's store and keeps it from coming back. */
export async function applyDelete(
  core: Core,
  step: Step,
  by: Pick<Arrival, 'from'>,
  { body }: Delete,
): Promise<void> {
  const found = await entryOf(step, body.messageId);
  if (!found) return noteDeleted(core, step, by.from, body.messageId);
  if (found.entry.body.type === 'notice' || !mayDelete(step.record, by.from, found.entry)) return;
  const { editedAtMs: _, reactions: __, ...entry } = found.entry;
  await forgetSent(core, step, entry);
  replaceEntry(step, found.position, { ...entry, body: { type: 'deleted' } });
  step.draft.after(() => core.tell.message(step.id, body.messageId, false));
}

/** A user may delete own messages; owners and admins of a group also those of others. */
export function mayDelete({ log }: ConversationRecord, userId: string, { from }: { from: string }): boolean {
  return from === userId || (log.kind === 'group' && mayDo(lookUp(log.roles, userId), 'delete for others'));
}

/** The message is not here. If it is missing, a repair may still bring it: the pending request remembers not to show it. */
async function noteDeleted(core: Core, step: Step, by: string, messageId: string): Promise<void> {
  for (const wanted of await wantedIn(core, step)) {
    if (!mayDelete(step.record, by, wanted)) continue;
    const deleted = [...(wanted.deleted ?? []), messageId].slice(-MAX_DELETED);
    step.draft.putJson(keysOf.wanted(step.id, wanted.messageId), { ...wanted, deleted } satisfies Wanted);
  }
}
