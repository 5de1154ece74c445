import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { addEntry } from '../timeline/timeline.ts';
import type { Arrival } from './apply.ts';

type Text = Extract<Content, { type: 'text/plain' | 'text/markdown' }>;
type File = Extract<Content, { type: 'application/x-securechat-file' }>;
/** Contents that appear as a line of their own. */
export type Said = Text | File;

export function addSaid(core: Core, step: Step, arrival: Arrival, content: Said): void {
  add(core, step, arrival, entryOf(arrival, content));
}

/** From a newer version: shown as a placeholder, and counted as unread. */
export function addUnknown(core: Core, step: Step, arrival: Arrival, contentType: string): void {
  add(core, step, arrival, { ...authorOf(arrival), body: { type: 'unknown', contentType } });
}

export function entryOf(
  arrival: Omit<Arrival, 'place' | 'clientSeq' | 'isOwn'> & { place?: number },
  content: Said,
): Entry {
  const { replyTo, threadId, expiresAt } = content;
  return {
    ...authorOf(arrival),
    body: bodyOf(content),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(threadId === undefined ? {} : { threadId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function bodyOf(content: Said): Entry['body'] {
  if (content.type === 'application/x-securechat-file') return { type: 'file', ...content.body };
  const format = content.type === 'text/markdown' ? 'markdown' : 'plain';
  return { type: 'text', format, ...content.body };
}

function authorOf({
  id,
  from,
  deviceId,
  sentAtMs,
  place,
}: Pick<Arrival, 'id' | 'from' | 'deviceId' | 'sentAtMs'> & { place?: number }) {
  return { id, from, deviceId, sentAtMs, ...(place === undefined ? {} : { place }) };
}

function add(core: Core, step: Step, arrival: Arrival, entry: Entry): void {
  addEntry(step, arrival.position ?? positions.placed(arrival.place), entry);
  const { readThrough, unread } = step.record;
  const isUnread = !arrival.isOwn && entry.threadId === undefined && arrival.place > readThrough;
  if (isUnread) step.change({ unread: unread + 1 });
  step.draft.after(() => core.tell.message(step.id, entry.id, !arrival.isShown));
}
