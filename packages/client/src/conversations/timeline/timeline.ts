import { sortable } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import type { ConversationRecord } from '../record.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { type Entry, isSaid } from './entry.ts';
import { readPage } from './reading.ts';

/** Writes lines of a conversation, within a step. */

export async function entryOf(
  step: Step,
  messageId: string,
): Promise<{ entry: Entry; position: string } | undefined> {
  const position = await step.draft.json<string>(keysOf.position(step.id, messageId));
  if (position === undefined) return undefined;
  const entry = await step.draft.json<Entry>(keysOf.message(step.id, position));
  return entry && { entry, position };
}

/** Adds a line and updates the newest visible one. */
export function addEntry(step: Step, position: string, entry: Entry): void {
  const { id, draft } = step;
  draft.putJson(keysOf.message(id, position), entry);
  draft.putJson(keysOf.position(id, entry.id), position);
  if (entry.threadId !== undefined) draft.putJson(keysOf.thread(id, entry.threadId, position), entry.id);
  if (entry.expiresAt !== undefined) draft.put(expiryKey(id, entry), new Uint8Array());
  step.change(moved(step.record, position, entry));
}

/** Replaces the content of a line. */
export function replaceEntry(step: Step, position: string, entry: Entry): void {
  step.draft.putJson(keysOf.message(step.id, position), entry);
}

/** Moves a line to the place the server has given it. What has come meanwhile may stand behind it. */
export async function moveEntry(
  core: Core,
  step: Step,
  from: string,
  to: string,
  entry: Entry,
): Promise<void> {
  const { id, draft, record } = step;
  draft.delete(keysOf.message(id, from));
  draft.putJson(keysOf.message(id, to), entry);
  draft.putJson(keysOf.position(id, entry.id), to);
  if (entry.threadId !== undefined) {
    draft.delete(keysOf.thread(id, entry.threadId, from));
    draft.putJson(keysOf.thread(id, entry.threadId, to), entry.id);
  } else if (record.lastPosition === from) {
    const [before] = await readPage(core.store, id, { before: from, limit: 1 });
    step.change({ lastPosition: before && before.position > to ? before.position : to });
  }
}

/** Removes a line without a trace. */
export function removeEntry(step: Step, position: string, entry: Entry): void {
  const { id, draft } = step;
  draft.delete(keysOf.message(id, position));
  draft.delete(keysOf.position(id, entry.id));
  if (entry.threadId !== undefined) draft.delete(keysOf.thread(id, entry.threadId, position));
  if (entry.expiresAt !== undefined) draft.delete(expiryKey(id, entry));
}

function expiryKey(conversationId: string, entry: Entry): string {
  return keysOf.expiry(conversationId, sortable(entry.expiresAt ?? 0), entry.id);
}

function moved(record: ConversationRecord, position: string, entry: Entry): Partial<ConversationRecord> {
  const isLast = record.lastPosition === undefined || position > record.lastPosition;
  if (entry.threadId !== undefined || !isLast) return {};
  return {
    lastPosition: position,
    ...(isSaid(entry) ? { activeAtMs: Math.max(record.activeAtMs, entry.sentAtMs) } : {}),
  };
}
