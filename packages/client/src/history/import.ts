import { id, list, object } from '../content/shape.ts';
import { takeAbsent } from '../conversations/contents/absent.ts';
import { AWAITED } from '../conversations/contents/newest.ts';
import type { Core } from '../conversations/core.ts';
import { UNKNOWN_HEAD } from '../conversations/operations/group_create.ts';
import type { ConversationRecord } from '../conversations/record.ts';
import type { Step } from '../conversations/step.ts';
import { isSaid } from '../conversations/timeline/entry.ts';
import { readPage } from '../conversations/timeline/reading.ts';
import { addEntry, entryOf } from '../conversations/timeline/timeline.ts';
import { countUnread } from '../conversations/timeline/unread.ts';
import { lookUp } from '../look-up.ts';
import { fromBytes } from '../storage/json.ts';
import { checkConversation } from './check.ts';
import { HistoryNotReadable } from './errors.ts';
import type { History, HistoryConversation } from './format.ts';
import { importProfiles, readProfiles } from './profiles.ts';

/** Of the lines that have come since this device was let in, for words of its user: who answers has accepted. */
const LOOKED_AT = 200;

/** Adds the messages missing here. Returns their number. */
export async function importAll(core: Core, bytes: Uint8Array): Promise<number> {
  const history = read(bytes);
  if (history.userId !== core.own.userId) throw new HistoryNotReadable('it is of another account');
  let added = 0;
  await importProfiles(core, history.profiles ?? []);
  for (const conversation of history.conversations) added += await importOne(core, conversation);
  return added;
}

function read(bytes: Uint8Array): History {
  try {
    const history = object(fromBytes(bytes), 'history');
    if (history.version !== 1) throw new HistoryNotReadable('it is of a newer version');
    const conversations = list(history, 'conversations', Number.POSITIVE_INFINITY, checkConversation);
    return { version: 1, userId: id(history, 'userId'), conversations, profiles: readProfiles(history) };
  } catch (cause) {
    if (cause instanceof HistoryNotReadable) throw cause;
    throw new HistoryNotReadable('it is no history', { cause });
  }
}

async function importOne(core: Core, conversation: HistoryConversation): Promise<number> {
  const added = await core.registry.step(conversation.id, async (step) => {
    if (!step.found) step.record = archived(core, conversation);
    const { unread } = step.record;
    await takeMarks(core, step, conversation);
    let added = 0;
    for (const { position, entry } of conversation.lines) {
      const isExpired = entry.expiresAt !== undefined && entry.expiresAt * 1000 <= core.now();
      if (isExpired || (await entryOf(step, entry.id))) continue;
      addEntry(step, position, entry);
      await takeAbsent(core, step, entry.id);
      if (isSaid(entry)) added += 1;
      step.draft.after(() => core.tell.message(step.id, entry.id, false));
    }
    step.change({ unread });
    await step.write();
    return added;
  });
  if (conversation.readThrough !== undefined) await recount(core, conversation.id);
  return added;
}

/** Nothing is read less than here. */
async function takeMarks(core: Core, step: Step, conversation: HistoryConversation): Promise<void> {
  const { record } = step;
  const { readThrough = 0, threadReads = {} } = conversation;
  const reads = Object.entries(threadReads).map(
    ([threadId, place]) => [threadId, Math.max(place, lookUp(record.threadReads, threadId) ?? 0)] as const,
  );
  step.change({
    isRequest: await isStillRequest(core, step, conversation),
    readThrough: Math.max(record.readThrough, readThrough),
    threadReads: { ...record.threadReads, ...Object.fromEntries(reads) },
  });
}

/**
 * Nothing is accepted less than here, except on a device that was just let in: an own device has added it, which says nothing of who else is
 * in the conversation, and nobody has accepted anything on it.
 */
async function isStillRequest(
  core: Core,
  { record, draft, id }: Step,
  { isRequest }: HistoryConversation,
): Promise<boolean> {
  if (isRequest === false) return false;
  if (record.isRequest || !isRequest || !(await draft.get(AWAITED))) return record.isRequest;
  const newest = await readPage(core.store, id, { limit: LOOKED_AT });
  return !newest.some(({ entry }) => entry.from === core.own.userId && isSaid(entry));
}

async function recount(core: Core, id: string): Promise<void> {
  await core.registry.step(id, async (step) => {
    step.change({ unread: await countUnread(core, step, step.record.readThrough) });
    await step.write();
  });
}

/** Read-only. Continues when this device is added to the conversation. */
function archived(core: Core, { id, kind, peer, name }: HistoryConversation): ConversationRecord {
  const log = {
    kind,
    generation: 0,
    epoch: 0,
    head: UNKNOWN_HEAD,
    heads: [],
    roles: {},
    leaves: {},
    due: [],
  };
  return {
    ...{ id, purpose: 'people', name, log, membership: 'left', isRequest: false, isMuted: false },
    ...(peer === undefined ? {} : { peer }),
    ...{ joinedPlace: 0, lastPlace: 0, activeAtMs: 0, epochSinceMs: core.now(), epochMessages: 0 },
    ...{ isLeafFresh: false, past: [], heard: {}, since: {}, nextLocal: 0, marks: {} },
    ...{ readThrough: 0, unread: 0, threadReads: {} },
  };
}
