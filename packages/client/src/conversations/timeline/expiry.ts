import { sortable } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { forgetSent } from '../outgoing/seal-chat.ts';
import type { Step } from '../step.ts';
import { type Placed, readPage } from './reading.ts';
import { entryOf, removeEntry } from './timeline.ts';
import { uncount } from './unread.ts';

/** Per run; the next run continues. */
const MAX_AT_ONCE = 200;
const PREFIX = 'expiry/';

/** Deletes expired messages from the store. Returns their number. */
export async function removeExpired(core: Core): Promise<number> {
  const nowSeconds = Math.floor(core.now() / 1000);
  const due = await core.store.list(PREFIX, { limit: MAX_AT_ONCE });
  let removed = 0;
  for (const [key] of due) {
    const [expiresAt = '', conversationId = '', messageId = ''] = key.slice(PREFIX.length).split('/');
    if (expiresAt > sortable(nowSeconds)) break;
    await core.registry.step(conversationId, async (step) => {
      const found = await entryOf(step, messageId);
      if (found) await remove(core, step, found);
      step.draft.delete(key);
      step.draft.after(() => core.tell.vanished(conversationId, messageId, found?.entry.threadId));
      await step.write();
    });
    removed += 1;
  }
  return removed;
}

/** Erases the content from this device: the line, the copy kept for repairs, and what counts or refers to it. */
async function remove(core: Core, step: Step, { entry, position }: Placed): Promise<void> {
  await removeLine(core, step, { entry, position });
  await forgetSent(core, step, entry);
  uncount(core, step, entry);
}

/** If it was the newest visible line, the one before it becomes that. */
export async function removeLine(core: Core, step: Step, { entry, position }: Placed): Promise<void> {
  removeEntry(step, position, entry);
  const { lastPosition, ...rest } = step.record;
  if (lastPosition !== position) return;
  const [before] = await readPage(core.store, step.id, { before: position, limit: 1 });
  step.record = before ? { ...rest, lastPosition: before.position } : rest;
}
