import { checked } from '../../content/outgoing.ts';
import type { OwnMark, OwnNews } from '../../content/types.ts';
import { lookUp } from '../../look-up.ts';
import { fromBytes } from '../../storage/json.ts';
import { sortable } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { enqueueContent } from '../outgoing/enqueue.ts';
import type { ConversationRecord } from '../record.ts';
import type { Registry } from '../registry.ts';
import type { Step } from '../step.ts';
import { countUnread } from '../timeline/unread.ts';

const PREFIX = 'untold/';
/** Processed per run; the next run takes the rest. */
const MAX_AT_ONCE = 200;

/** What is repeated until it is sent; of several about the same only the last. */
type Notable = OwnMark | Extract<OwnNews, { tell: 'blocks' }>;

/** The conversation among own devices; of several, the one that all devices pick. */
export function ownConversationOf(registry: Registry): ConversationRecord | undefined {
  const own = registry.all().filter((each) => each.purpose === 'own' && each.membership === 'member');
  return own.sort((a, b) => (a.id < b.id ? -1 : 1))[0];
}

/** What this device tells the account's other devices: how far was read, which requests were accepted, and that blocks have changed. */
export class OwnMarks {
  readonly #core: Core;
  /** Whether the server tells them how far was read outside threads; undefined until it has said so. */
  sharesReading: boolean | undefined;
  /** Something may be left from an earlier run. */
  #isLeft = true;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Stored until sent; a later mark may make it superfluous. */
  note(step: Step, mark: Notable): void {
    const { registry } = this.#core;
    const isShared = mark.tell === 'read' && mark.threadId === undefined && this.sharesReading === true;
    // only of a mark: a change of blocks is a step of no conversation
    if ((isShared && !step.record.isRequest) || !hasOthers(ownConversationOf(registry))) return;
    step.draft.putJson(`${PREFIX}${aboutOf(mark)}/${sortable('place' in mark ? mark.place : 0)}`, mark);
    step.draft.after(() => {
      this.#isLeft = true;
    });
  }

  /** Sends only the furthest mark of each kind. */
  async tell(): Promise<void> {
    const { registry, store, connection } = this.#core;
    const own = ownConversationOf(registry);
    if (!this.#isLeft || !hasOthers(own) || connection.state !== 'connected') return;
    // cleared before looking, so that marks noted meanwhile trigger another look
    this.#isLeft = false;
    const noted = await store.list(PREFIX, { limit: MAX_AT_ONCE });
    if (noted.length === 0) return;
    this.#isLeft ||= noted.length === MAX_AT_ONCE;
    const furthest = new Map<string, Notable>();
    for (const [, bytes] of noted) {
      const mark = fromBytes<Notable>(bytes);
      furthest.set(aboutOf(mark), mark);
    }
    await registry.step(own.id, async (step) => {
      for (const mark of furthest.values())
        enqueueContent(this.#core, step, checked('application/x-securechat-own', mark));
      for (const [key] of noted) step.draft.delete(key);
      await step.write();
    });
  }
}

/** Marks only grow. Returns false when it is not further. */
export async function moveMark(
  core: Core,
  step: Step,
  { threadId, place }: Extract<OwnMark, { tell: 'read' }>,
): Promise<boolean> {
  const { readThrough, threadReads } = step.record;
  if (place <= (threadId === undefined ? readThrough : (lookUp(threadReads, threadId) ?? 0))) return false;
  if (threadId === undefined) {
    step.change({ readThrough: place, unread: await countUnread(core, step, place) });
  } else {
    step.change({ threadReads: { ...threadReads, [threadId]: place } });
    step.draft.after(() => core.tell.thread(step.id, threadId));
  }
  return true;
}

type About = { tell: string; conversationId?: string; threadId?: string };
const aboutOf = ({ tell, conversationId = '', threadId = '' }: About): string =>
  `${conversationId}/${tell}.${threadId}`;

function hasOthers(own: ConversationRecord | undefined): own is ConversationRecord {
  return own !== undefined && Object.keys(own.log.leaves).length > 1;
}
