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

/** Ids that one missing message remembers; the newest count. */
const MAX_DELETED = 64;

/** The words leave this device's store, and do not come back into it. */
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

/** What the same person has said; in a group owners and admins also what others have. */
export function mayDelete({ log }: ConversationRecord, userId: string, { from }: { from: string }): boolean {
  return from === userId || (log.kind === 'group' && mayDo(lookUp(log.roles, userId), 'delete for others'));
}

/** Of what is not here. If it is missing, a repair may bring it: what is asked for remembers that it is not to be shown. */
async function noteDeleted(core: Core, step: Step, by: string, messageId: string): Promise<void> {
  for (const wanted of await wantedIn(core, step)) {
    if (!mayDelete(step.record, by, wanted)) continue;
    const deleted = [...(wanted.deleted ?? []), messageId].slice(-MAX_DELETED);
    step.draft.putJson(keysOf.wanted(step.id, wanted.messageId), { ...wanted, deleted } satisfies Wanted);
  }
}
