import { encodeUpstream } from '@securechat/protocol';
import type { Message, Thread } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import type { Outcomes } from '../outgoing/outcomes.ts';
import { keysOf } from '../record.ts';
import { isSaid } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { readAt, readEntry, readPage } from '../timeline/reading.ts';
import { messageOf } from '../timeline/shown.ts';
import { moveMark, type OwnMarks } from './own-marks.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const MAX_THREAD = 1_000;
const MAX_THREAD_LINES = 10_000;

/** What a user looks at, and how far it is read. */
export class Reading {
  readonly #core: Core;
  readonly #outcomes: Outcomes;
  readonly #ownMarks: OwnMarks;

  constructor(core: Core, outcomes: Outcomes, ownMarks: OwnMarks) {
    this.#core = core;
    this.#outcomes = outcomes;
    this.#ownMarks = ownMarks;
  }

  async messages(
    id: string,
    options: { before?: string; limit?: number; threadId?: string } = {},
  ): Promise<Message[]> {
    const { store } = this.#core;
    const limit = Math.min(options.limit ?? DEFAULT_PAGE, MAX_PAGE);
    const before =
      options.before === undefined ? undefined : (await readEntry(store, id, options.before))?.position;
    if (options.before !== undefined && before === undefined) throw new CannotDo('there is no such message');
    const page = await readPage(store, id, { before, limit, threadId: options.threadId });
    return page.map(({ entry }) => this.#shown(id, entry));
  }

  async message(id: string, messageId: string): Promise<Message | undefined> {
    const found = await readEntry(this.#core.store, id, messageId);
    return found && this.#shown(id, found.entry);
  }

  async last(id: string): Promise<Message | undefined> {
    const position = this.#core.registry.get(id)?.lastPosition;
    const found = position === undefined ? undefined : await readAt(this.#core.store, id, position);
    return found && this.#shown(id, found.entry);
  }

  /** Not reported to strangers, nor with receipts off. */
  async markRead(id: string, messageId: string, threadId: string | undefined): Promise<void> {
    const { registry, store } = this.#core;
    const found = await readEntry(store, id, messageId);
    if (!found) throw new CannotDo('there is no such message');
    const place = found.entry.place ?? registry.get(id)?.lastPlace ?? 0;
    const mark = { tell: 'read' as const, conversationId: id, place, ...(threadId ? { threadId } : {}) };
    await registry.step(id, async (step) => {
      if (!(await moveMark(this.#core, step, mark))) return;
      this.#ownMarks.note(step, mark);
      if (threadId === undefined) step.draft.after(() => this.tellRead(id));
      await step.write();
    });
  }

  /** Repeated on each connection: a receipt is not acknowledged. */
  tellRead(id: string): void {
    const { registry, settings, connection, own } = this.#core;
    const record = registry.get(id);
    if (!record || record.isRequest || settings.readReceipts === false) return;
    if (record.membership !== 'member') return;
    const { readThrough, marks } = record;
    if (readThrough === 0 || (lookUp(marks, own.userId)?.readThrough ?? 0) >= readThrough) return;
    connection.send(
      encodeUpstream('receipt', { type: 'receipt', conversation_id: id, read_through: readThrough }),
    );
  }

  async thread(id: string, threadId: string): Promise<Thread> {
    const page = await readPage(this.#core.store, id, { limit: MAX_THREAD, threadId });
    const readThrough = this.#readThrough(id, threadId);
    const unread = page.filter(
      ({ entry }) =>
        isSaid(entry) && entry.from !== this.#core.own.userId && (entry.place ?? 0) > readThrough,
    );
    return { threadId, count: page.length, unread: unread.length };
  }

  /** Uses the index only; reads messages just where something is after the read mark. */
  async threads(id: string): Promise<Thread[]> {
    const prefix = keysOf.threads(id);
    const lines = await this.#core.store.list(prefix, { limit: MAX_THREAD_LINES });
    const found = new Map<string, { count: number; newest: string }>();
    for (const [key] of lines) {
      const [threadId = '', newest = ''] = key.slice(prefix.length).split('/');
      found.set(threadId, { count: (found.get(threadId)?.count ?? 0) + 1, newest });
    }
    return Promise.all(
      [...found].map(([threadId, { count, newest }]) =>
        newest > positions.behind(this.#readThrough(id, threadId), 9_999)
          ? this.thread(id, threadId)
          : { threadId, count: Math.min(count, MAX_THREAD), unread: 0 },
      ),
    );
  }

  #readThrough(id: string, threadId: string): number {
    return lookUp(this.#core.registry.get(id)?.threadReads ?? {}, threadId) ?? 0;
  }

  #shown(id: string, entry: Parameters<typeof messageOf>[1]): Message {
    const record = this.#core.registry.get(id);
    if (!record) throw new CannotDo('there is no such conversation');
    return messageOf(record, entry, this.#core.own.userId, this.#outcomes.isSent(entry.id));
  }
}
