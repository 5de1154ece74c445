import type { Message } from '../../api/index.ts';
import { compact } from '../../content/shape.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import { enqueueIntent } from '../outgoing/enqueue.ts';
import { messageOf } from '../timeline/shown.ts';
import { entryOf, removeEntry } from '../timeline/timeline.ts';
import { restartOf } from './change.ts';
import { lineOf } from './line-of.ts';
import { hasOnlyNewDevices } from './new-devices.ts';
import { showSaid } from './say.ts';

/** Sends a refused message again under another id; the refused line is removed. */
export async function retry(core: Core, id: string, messageId: string): Promise<Message> {
  const found = await core.registry.step(id, (step) => entryOf(step, messageId));
  const body = found?.entry.body;
  if (found?.entry.failure === undefined || !body) throw new CannotDo('this message has not failed');
  const line = lineOf(body);
  const { replyTo, threadId, expiresAt } = found.entry;
  const { peer } = core.registry.get(id) ?? {};
  // the server refuses what is said to nobody
  const isOver =
    peer !== undefined &&
    found.entry.failure === 'PERMISSION_DENIED' &&
    (await hasOnlyNewDevices(core, id, peer));
  return core.registry.step(id, async (step) => {
    // it may have been sent again, or have expired, since it was looked at
    if (!(await entryOf(step, messageId))) throw new CannotDo('there is no such message');
    if (isOver) enqueueIntent(core, step, restartOf(step.record));
    const content = { ...line, ...compact({ replyTo, threadId, expiresAt }) };
    const entry = showSaid(core, step, content);
    removeEntry(step, found.position, found.entry);
    step.draft.after(() => core.tell.vanished(id, messageId, threadId));
    await step.write();
    return messageOf(step.record, entry, core.own.userId, false);
  });
}
