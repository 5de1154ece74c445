import type { DeviceRef } from '@securechat/crypto/e2ee';
import { entryOf as lineFor, type Said } from '../conversations/contents/text.ts';
import type { Core } from '../conversations/core.ts';
import { keysOf } from '../conversations/record.ts';
import type { Entry } from '../conversations/timeline/entry.ts';
import { positions } from '../conversations/timeline/positions.ts';
import { addEntry } from '../conversations/timeline/timeline.ts';
import { fromBytes } from '../storage/json.ts';

/** A line under the id that it has at the server too. `after`: the line that its device has said before it in this conversation. */
export type EarlySaid = { readonly id: string; readonly after?: string; readonly content: Said };

/** Lines of a conversation that wait for the server's copy; what comes beyond is left to that. */
const MAX_EARLY = 1_000;

/** Lines that came directly, shown before the server brings them. */
export class EarlyLines {
  readonly #core: Core;
  readonly #waiting = new Map<string, Set<string>>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Shows it, once and not before what its sender has said before it. False for what is left to the server's copy, which comes in any case:
   * what is known, what has expired, what has overtaken something, and what is too much.
   */
  async show(conversationId: string, by: DeviceRef, { id, after, content }: EarlySaid): Promise<boolean> {
    const { registry, tell, now } = this.#core;
    const waiting = await this.#waitingIn(conversationId);
    if (waiting.size >= MAX_EARLY) return false;
    return registry.step(conversationId, async (step) => {
      if (step.found?.membership !== 'member') return false;
      const isKnown = async (messageId: string): Promise<boolean> =>
        (await step.draft.get(keysOf.position(step.id, messageId))) !== undefined;
      if ((await isKnown(id)) || (after !== undefined && !(await isKnown(after)))) return false;
      const { expiresAt } = content;
      if (expiresAt !== undefined && expiresAt * 1000 <= now()) return false;
      const line = lineFor(
        { id, from: by.userId, deviceId: by.deviceId, sentAtMs: now(), expiresAt },
        content,
      );
      const { nextLocal } = step.record;
      step.change({ nextLocal: nextLocal + 1 });
      addEntry(step, positions.waiting(nextLocal), { ...line, isEarly: true });
      step.draft.after(() => tell.message(step.id, id, true));
      waiting.add(id);
      await step.write();
      return true;
    });
  }

  /** The server has brought it, or it is gone. */
  settled(conversationId: string, messageId: string): void {
    this.#waiting.get(conversationId)?.delete(messageId);
  }

  /** With those of an earlier process. */
  async #waitingIn(conversationId: string): Promise<Set<string>> {
    const known = this.#waiting.get(conversationId);
    if (known) return known;
    const behind = await this.#core.store.list(keysOf.message(conversationId, '~'));
    const early = behind.map(([, bytes]) => fromBytes<Entry>(bytes)).filter(({ isEarly }) => isEarly);
    const waiting = this.#waiting.get(conversationId) ?? new Set(early.map(({ id }) => id));
    this.#waiting.set(conversationId, waiting);
    return waiting;
  }
}
