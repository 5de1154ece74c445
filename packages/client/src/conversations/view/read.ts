import { encodeUpstream } from '@securechat/protocol';
import type { Message } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import type { Outcomes } from '../outgoing/outcomes.ts';
import { isSaid } from '../timeline/entry.ts';
import { readAt, readEntry, readPage } from '../timeline/reading.ts';
import { messageOf } from '../timeline/shown.ts';
import { countUnread } from '../timeline/unread.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const MAX_THREAD = 1_000;

/** What a person looks at, and how far. */
export class Reading {
  readonly #core: Core;
  readonly #outcomes: Outcomes;

  constructor(core: Core, outcomes: Outcomes) {
    this.#core = core;
    this.#outcomes = outcomes;
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

  /** Not told to a stranger, nor when receipts are off. */
  async markRead(id: string, messageId: string, threadId: string | undefined): Promise<void> {
    const { registry, store } = this.#core;
    const found = await readEntry(store, id, messageId);
    if (!found) throw new CannotDo('there is no such message');
    const place = found.entry.place ?? registry.get(id)?.lastPlace ?? 0;
    await registry.step(id, async (step) => {
      const { readThrough, threadReads } = step.record;
      if (threadId !== undefined) {
        step.change({
          threadReads: { ...threadReads, [threadId]: Math.max(lookUp(threadReads, threadId) ?? 0, place) },
        });
      } else if (place > readThrough) {
        step.change({ readThrough: place, unread: await countUnread(this.#core, step, place) });
        step.draft.after(() => this.tellRead(id));
      }
      await step.write();
    });
  }

  /** Again with each connection: a receipt has no answer. */
  tellRead(id: string): void {
    const { registry, settings, connection, own } = this.#core;
    const record = registry.get(id);
    if (!record || record.isRequest || !settings.readReceipts || record.membership !== 'member') return;
    const { readThrough, marks } = record;
    if (readThrough === 0 || (lookUp(marks, own.userId)?.readThrough ?? 0) >= readThrough) return;
    connection.send(
      encodeUpstream('receipt', { type: 'receipt', conversation_id: id, read_through: readThrough }),
    );
  }

  async threadUnread(id: string, threadId: string): Promise<number> {
    const { store, registry, own } = this.#core;
    const readThrough = lookUp(registry.get(id)?.threadReads ?? {}, threadId) ?? 0;
    const page = await readPage(store, id, { limit: MAX_THREAD, threadId });
    return page.filter(
      ({ entry }) => isSaid(entry) && entry.from !== own.userId && (entry.place ?? 0) > readThrough,
    ).length;
  }

  #shown(id: string, entry: Parameters<typeof messageOf>[1]): Message {
    const record = this.#core.registry.get(id);
    if (!record) throw new CannotDo('there is no such conversation');
    return messageOf(record, entry, this.#core.own.userId, this.#outcomes.isSent(entry.id));
  }
}
