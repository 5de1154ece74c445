import type { InboxConsumer, MailboxItem, Watermarks } from '../../inbox/consumer.ts';
import type { Change } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { ASK_AGAIN_MS, ASK_SOON_MS, askForMissing } from '../repair/ask.ts';
import type { Step } from '../step.ts';
import { alarmOf, Refused } from './alarms.ts';
import { takeChat } from './chat.ts';
import { forgetPast } from './epochs.ts';
import { takeMarks } from './marks.ts';
import { takeOperation } from './operation.ts';
import { noteOutside } from './outside.ts';

/** Processes mailbox items one at a time. A rejected item raises an alarm and is skipped. */
export class Mailbox implements InboxConsumer {
  readonly #core: Core;
  readonly #onCaughtUp: () => void;
  readonly #background: (work: Promise<unknown>) => void;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #isClosed = false;

  constructor(core: Core, options: { onCaughtUp: () => void; background: (work: Promise<unknown>) => void }) {
    this.#core = core;
    this.#onCaughtUp = options.onCaughtUp;
    this.#background = options.background;
  }

  take(item: MailboxItem, commit: (changes: readonly Change[]) => Promise<void>): Promise<void> {
    const core = this.#core;
    return core.registry.step(item.conversation_id, async (step) => {
      try {
        if (!isOver(step, item)) await this.#handle(step, item);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // none of its effects are kept
        step.discard();
        if (!(await noteOutside(core, step, item, error)))
          step.draft.after(() => core.tell.alarm(alarmOf(item, error.type, error.message)));
        const isOperation = item.type !== 'chat' && item.type !== 'history_truncated';
        if (isOperation) this.#part(step);
      }
      if (step.found) forgetPast(step, item.delivery.conv_seq);
      await step.write(commit);
      this.#askSoon(item.conversation_id, ASK_SOON_MS);
    });
  }

  async #handle(step: Step, item: MailboxItem): Promise<void> {
    switch (item.type) {
      case 'chat':
        return takeChat(this.#core, step, item);
      case 'history_truncated':
        // loaded on first use: few devices are away that long
        return (await import('./truncation.ts')).takeTruncation(this.#core, step, item);
      default:
        return takeOperation(this.#core, step, item);
    }
  }

  /** The server may build on the rejected operation, and then nothing that follows can be followed here. */
  #part(step: Step): void {
    if (step.found?.membership !== 'member' || step.record.parted) return;
    step.change({ parted: 'seen' });
    step.draft.after(() => this.#core.outbox.wake(step.id));
  }

  async watermarks(marks: readonly Watermarks[]): Promise<void> {
    for (const mark of marks) await takeMarks(this.#core, mark);
  }

  gap(missing: { from: number; through: number }): void {
    const detail = `places ${missing.from} to ${missing.through} of the mailbox did not come`;
    this.#core.tell.alarm({ type: 'gap', detail });
  }

  caughtUp(): void {
    for (const { id } of this.#core.registry.all()) this.#askSoon(id, ASK_SOON_MS);
    this.#onCaughtUp();
  }

  /** One request for everything missing by then. */
  #askSoon(conversationId: string, delayMs: number): void {
    if (this.#isClosed || this.#timers.has(conversationId)) return;
    const ask = async (): Promise<void> => {
      this.#timers.delete(conversationId);
      if (this.#isClosed) return;
      if (await askForMissing(this.#core, conversationId)) this.#askSoon(conversationId, ASK_AGAIN_MS);
    };
    this.#timers.set(
      conversationId,
      setTimeout(() => this.#background(ask()), delayMs),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** It was in transit when this device left, overtaken by the acknowledgement of that. */
const isOver = ({ found }: Step, { delivery }: MailboxItem): boolean =>
  found?.membership === 'left' && delivery.conv_seq < found.lastPlace;
