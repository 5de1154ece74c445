import type { FileInfo, Message, Content as Said, SendOptions } from '../../api/index.ts';
import { checked, editContent, textContent } from '../../content/outgoing.ts';
import { BadContent, compact } from '../../content/shape.ts';
import type { Content } from '../../content/types.ts';
import type { Arrival } from '../contents/apply.ts';
import { applyDelete, mayDelete } from '../contents/delete.ts';
import { applyEdit } from '../contents/edit.ts';
import { applyReaction, isEmoji } from '../contents/reaction.ts';
import { entryOf as entryOfSaid, type Said as Line } from '../contents/text.ts';
import type { Core } from '../core.ts';
import { newId } from '../ids.ts';
import { CannotDo } from '../operations/built.ts';
import { enqueueContent } from '../outgoing/enqueue.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { messageOf } from '../timeline/shown.ts';
import { addEntry, entryOf } from '../timeline/timeline.ts';

const MIN_EXPIRY_MS = 1_000;

/** Shows a text as an own message and queues it, in one write. */
export function send(core: Core, id: string, said: string | Said, options?: SendOptions): Promise<Message> {
  return say(core, id, textContent(said), options);
}

/** The same for a file. */
export function share(core: Core, id: string, file: FileInfo, options?: SendOptions): Promise<Message> {
  return say(core, id, checked('application/x-securechat-file', file), options);
}

async function say(core: Core, id: string, line: Line, options: SendOptions = {}): Promise<Message> {
  const { replyTo, threadId, expiresInMs } = options;
  if (expiresInMs !== undefined && expiresInMs < MIN_EXPIRY_MS)
    throw new RangeError('expiresInMs is at least 1,000');
  const expiresAt = expiresInMs === undefined ? undefined : Math.ceil((core.now() + expiresInMs) / 1000);
  const content = { ...line, ...compact({ replyTo, threadId, expiresAt }) };
  return core.registry.step(id, async (step) => {
    const entry = showSaid(core, step, content);
    await step.write();
    return messageOf(step.record, entry, core.own.userId, false);
  });
}

export function showSaid(core: Core, step: Step, content: Line): Entry {
  demandMember(step);
  const messageId = newId('m_');
  const position = positions.waiting(step.record.nextLocal);
  const by = { id: messageId, from: core.own.userId, deviceId: core.own.deviceId, sentAtMs: core.now() };
  const entry = entryOfSaid({ ...by, expiresAt: content.expiresAt }, content);
  step.change({ nextLocal: step.record.nextLocal + 1 });
  addEntry(step, position, entry);
  enqueueContent(core, step, content, { id: messageId, more: { position } });
  step.draft.after(() => core.tell.message(step.id, messageId, true));
  return entry;
}

export function edit(core: Core, id: string, messageId: string, said: string | Said): Promise<void> {
  const content = editContent(messageId, said);
  return change(core, id, messageId, content, async (step, by, entry) => {
    if (entry.from !== core.own.userId || entry.body.type !== 'text')
      throw new CannotDo('only edit your own texts');
    await applyEdit(core, step, by, content);
  });
}

export function deleteForEveryone(core: Core, id: string, messageId: string): Promise<void> {
  const content = checked('application/x-securechat-delete', { messageId });
  return change(core, id, messageId, content, async (step, by, entry) => {
    if (!mayDelete(step.record, core.own.userId, entry))
      throw new CannotDo('you may not delete this for everyone');
    await applyDelete(core, step, by, content);
  });
}

export function react(core: Core, id: string, messageId: string, emoji: string | undefined): Promise<void> {
  if (emoji !== undefined && !isEmoji(emoji)) throw new BadContent('not an emoji');
  const content = checked('application/x-securechat-reaction', compact({ messageId, emoji }));
  return change(core, id, messageId, content, (step, by) => applyReaction(core, step, by, content));
}

type By = Pick<Arrival, 'from' | 'sentAtMs'>;

/** Changes a line here at once, and at the others on arrival. If the server refuses, the line is restored. */
function change(
  core: Core,
  id: string,
  messageId: string,
  content: Content,
  apply: (step: Step, by: By, entry: Entry) => Promise<void>,
): Promise<void> {
  return core.registry.step(id, async (step) => {
    demandMember(step);
    const found = await entryOf(step, messageId);
    if (!found) throw new CannotDo('there is no such message');
    if (found.entry.place === undefined) throw new CannotDo('it is not stored yet');
    await apply(step, { from: core.own.userId, sentAtMs: core.now() }, found.entry);
    enqueueContent(core, step, content, { more: { undo: { messageId, entry: found.entry } } });
    await step.write();
  });
}

export function demandMember(step: Step): void {
  if (step.found?.membership !== 'member') throw new CannotDo('you are not in this conversation');
}
